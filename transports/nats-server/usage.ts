/** What `waystation nats-server --help` prints. */

export const usageText: string = `
Usage: waystation nats-server [options]
runs a broker by the flags and the configuration file of nats-server

Server options:
    -a, --addr, --net <host>         listen on this address (0.0.0.0)
    -p, --port <port>                port of NATS clients (4222; -1 is any free one)
    -n, --name, --server_name <name> name of the server
    -P, --pid <file>                 write the process id to it
    -m, --http_port <port>           port of the monitoring endpoints
    -c, --config <file>              configuration file
    -t                               examine the configuration file and exit
    -sl,--signal <signal>=<pid>      signal a server: ldm, stop, quit, term, reopen, reload
        --ports_file_dir <dir>       write the ports to <dir>/nats-server_<pid>.ports

Logging options:
    -l, --log <file>                 log to this file
    -D, --debug                      log more
    -DV, -V, -VV                     as -D

JetStream options:
    -js, --jetstream                 JetStream is on
    -sd, --store_dir <dir>           where streams are kept

Authorization options:
        --user <user>                user that must be shown
        --pass <password>            its password
        --auth <token>               token that must be shown

TLS options:
        --tls                        TLS, clients show no certificate
        --tlscert <file>             certificate
        --tlskey <file>              its key
        --tlsverify                  TLS, clients show a certificate
        --tlscacert <file>           who vouches for clients' certificates

Common options:
    -h, --help                       this text
    -v, --version                    the version of nats-server whose features are met

Accepted without effect in one process alone: -T, -s, -r and everything about clusters.
`;
