/**
 * What nats-server 2.15.1 answered to requests about consumers, recorded from a live one; times, versions and made-up names stand as
 * placeholders. The stream S holds s.a 1, s.b 2 (with a message id), s.c 4 (a roll-up) and s.c 5.
 */

export interface Exchange {
  readonly label: string;
  /** Empty = nothing is asked; messages are awaited at the push subject. */
  readonly subject: string;
  readonly payload: string;
  readonly replies: readonly string[];
}

export const consumerDialogue: readonly Exchange[] = [
  {
    label: "",
    subject: "$JS.API.CONSUMER.CREATE.S.C1",
    payload: '{"stream_name":"S","config":{"name":"C1","durable_name":"C1","ack_policy":"explicit"},"action":"create"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","stream_name":"S","name":"C1","created":"<time>","config":{"durable_name":"C1","name":"C1","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"num_replicas":0,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":4,"ts":"<time>"}',
    ],
  },
  {
    label: "same again",
    subject: "$JS.API.CONSUMER.CREATE.S.C1",
    payload: '{"stream_name":"S","config":{"name":"C1","durable_name":"C1","ack_policy":"explicit"},"action":"create"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","stream_name":"S","name":"C1","created":"<time>","config":{"durable_name":"C1","name":"C1","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"num_replicas":0,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":4,"ts":"<time>"}',
    ],
  },
  {
    label: "create differing",
    subject: "$JS.API.CONSUMER.CREATE.S.C1",
    payload: '{"stream_name":"S","config":{"name":"C1","durable_name":"C1","ack_policy":"explicit","description":"d"},"action":"create"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","error":{"code":400,"err_code":10148,"description":"consumer already exists"}}',
    ],
  },
  {
    label: "update missing",
    subject: "$JS.API.CONSUMER.CREATE.S.C9",
    payload: '{"stream_name":"S","config":{"name":"C9","durable_name":"C9","ack_policy":"explicit"},"action":"update"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","error":{"code":400,"err_code":10149,"description":"consumer does not exist"}}',
    ],
  },
  {
    label: "ephemeral w/filter",
    subject: "$JS.API.CONSUMER.CREATE.S.C2.s.a",
    payload:
      '{"stream_name":"S","config":{"name":"C2","filter_subject":"s.a","ack_policy":"none","inactive_threshold":5000000000,"mem_storage":true,"num_replicas":1},"action":"create"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","stream_name":"S","name":"C2","created":"<time>","config":{"name":"C2","deliver_policy":"all","ack_policy":"none","max_deliver":-1,"filter_subject":"s.a","replay_policy":"instant","max_waiting":512,"inactive_threshold":5000000000,"num_replicas":1,"mem_storage":true,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":1,"ts":"<time>"}',
    ],
  },
  {
    label: "filter mismatch",
    subject: "$JS.API.CONSUMER.CREATE.S.C3.s.a",
    payload: '{"stream_name":"S","config":{"name":"C3","filter_subject":"s.b","ack_policy":"none"}}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","error":{"code":400,"err_code":10131,"description":"Consumer create request did not match filtered subject from create subject"}}',
    ],
  },
  {
    label: "legacy ephemeral push",
    subject: "$JS.API.CONSUMER.CREATE.S",
    payload: '{"stream_name":"S","config":{"ack_policy":"none","deliver_subject":"push.x"}}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","stream_name":"S","name":"<name>","created":"<time>","config":{"deliver_policy":"all","ack_policy":"none","max_deliver":-1,"replay_policy":"instant","deliver_subject":"push.x","inactive_threshold":5000000000,"num_replicas":0,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":4,"ts":"<time>"}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.DURABLE.CREATE.S.D1",
    payload: '{"stream_name":"S","config":{"durable_name":"D1","ack_policy":"explicit"}}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","stream_name":"S","name":"D1","created":"<time>","config":{"durable_name":"D1","name":"D1","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"num_replicas":0,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":4,"ts":"<time>"}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.INFO.S.NOPE",
    payload: "",
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_info_response","error":{"code":404,"err_code":10014,"description":"consumer not found"}}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.NAMES.S",
    payload: "",
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_names_response","total":4,"offset":0,"limit":1024,"consumers":["C1","C2","D1","<name>"]}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.INFO.NOPE.X",
    payload: "",
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_info_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    label: "pull no_wait batch 2",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C1",
    payload: '{"batch":2,"no_wait":true}',
    replies: ["s.a reply $JS.ACK.S.C1.1.1.1.<ns>.3 body one", "s.b reply $JS.ACK.S.C1.1.2.2.<ns>.2 headers Nats-Msg-Id=id1 body two"],
  },
  {
    label: "pull more than available",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C1",
    payload: '{"batch":5,"no_wait":true}',
    replies: [
      "s.c reply $JS.ACK.S.C1.1.4.3.<ns>.1 headers Nats-Rollup=sub body roll",
      "s.c reply $JS.ACK.S.C1.1.5.4.<ns>.0 headers Nats-Required-Api-Level=99 body x",
      "<inbox> headers 404 No Messages",
    ],
  },
  {
    label: "no_wait none",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C1",
    payload: '{"batch":5,"no_wait":true}',
    replies: ["<inbox> headers 404 No Messages"],
  },
  {
    label: "expires+hb",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C1",
    payload: '{"batch":2,"expires":400000000,"idle_heartbeat":150000000}',
    replies: [
      "<inbox> headers 100 Idle Heartbeat Nats-Last-Consumer=4 ; Nats-Last-Stream=5",
      "<inbox> headers 100 Idle Heartbeat Nats-Last-Consumer=4 ; Nats-Last-Stream=5",
      "<inbox> headers 408 Request Timeout Nats-Pending-Messages=2 ; Nats-Pending-Bytes=0",
    ],
  },
  {
    label: "hb too large",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C1",
    payload: '{"batch":2,"expires":400000000,"idle_heartbeat":350000000}',
    replies: ["<inbox> headers 400 Bad Request - heartbeat value too large"],
  },
  {
    label: "no_wait+expires",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C1",
    payload: '{"batch":2,"expires":300000000,"no_wait":true}',
    replies: ["<inbox> headers 408 Request Timeout Nats-Pending-Messages=2 ; Nats-Pending-Bytes=0"],
  },
  {
    label: "max_bytes too small",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C2",
    payload: '{"batch":1,"max_bytes":5,"expires":300000000}',
    replies: ["<inbox> headers 409 Message Size Exceeds MaxBytes Nats-Pending-Messages=1 ; Nats-Pending-Bytes=5"],
  },
  {
    label: "missing consumer",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.NOPE",
    payload: '{"batch":1}',
    replies: ["<inbox> headers 503  Nats-Subject=$JS.API.CONSUMER.MSG.NEXT.S.NOPE"],
  },
  {
    label: "bad json",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.D1",
    payload: "{bad",
    replies: ["<inbox> headers 400 Bad Request - invalid character 'b' looking for beginning of object key string"],
  },
  {
    label: "empty payload",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.D1",
    payload: "",
    replies: ["s.a reply $JS.ACK.S.D1.1.1.1.<ns>.3 body one"],
  },
  {
    label: "double ack",
    subject: "$JS.ACK.S.C1.1.1.1.<ns>.3",
    payload: "+ACK",
    replies: ["<inbox>"],
  },
  {
    label: "nak",
    subject: "$JS.ACK.S.C1.1.2.2.<ns>.2",
    payload: '-NAK {"delay": 100000000}',
    replies: ["<inbox>"],
  },
  {
    label: "redelivery",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.C1",
    payload: '{"batch":1,"expires":500000000}',
    replies: ["s.b reply $JS.ACK.S.C1.2.2.5.<ns>.0 headers Nats-Msg-Id=id1 body two"],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.INFO.S.C1",
    payload: "",
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_info_response","stream_name":"S","name":"C1","created":"<time>","config":{"durable_name":"C1","name":"C1","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"num_replicas":0,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":5,"stream_seq":5,"last_active":"<time>"},"ack_floor":{"consumer_seq":1,"stream_seq":1,"last_active":"<time>"},"num_ack_pending":3,"num_redelivered":1,"num_waiting":0,"num_pending":0,"ts":"<time>"}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.PAUSE.S.C1",
    payload: '{"pause_until":"<in a minute>"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_pause_response","paused":true,"pause_until":"<time>","pause_remaining":<ns>}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.PAUSE.S.C1",
    payload: "{}",
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_pause_response","paused":false,"pause_until":"0001-01-01T00:00:00Z"}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.UNPIN.S.C1",
    payload: '{"group":"a"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_unpin_response","error":{"code":400,"err_code":10160,"description":"Provided priority group does not exist for this consumer"}}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.RESET.S.C1",
    payload: "{}",
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_reset_response","stream_name":"S","name":"C1","created":"<time>","config":{"durable_name":"C1","name":"C1","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":1000,"num_replicas":0,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":0,"stream_seq":1},"ack_floor":{"consumer_seq":0,"stream_seq":1},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":3,"ts":"<time>","reset_seq":2}',
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.CREATE.S.P1",
    payload:
      '{"stream_name":"S","config":{"name":"P1","ack_policy":"explicit","deliver_subject":"push.p1","idle_heartbeat":200000000,"flow_control":true,"deliver_policy":"last"},"action":"create"}',
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_create_response","stream_name":"S","name":"P1","created":"<time>","config":{"name":"P1","deliver_policy":"last","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_ack_pending":1000,"flow_control":true,"deliver_subject":"push.p1","idle_heartbeat":200000000,"inactive_threshold":5000000000,"num_replicas":0,"metadata":{"_nats.level":"<level>","_nats.req.level":"0","_nats.ver":"<version>"}},"delivered":{"consumer_seq":0,"stream_seq":4},"ack_floor":{"consumer_seq":0,"stream_seq":4},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":1,"push_bound":true,"ts":"<time>"}',
    ],
  },
  {
    label: "push deliver",
    subject: "",
    payload: "",
    replies: [
      "s.c reply $JS.ACK.S.P1.1.5.1.<ns>.0 headers Nats-Required-Api-Level=99 body x",
      "push.p1 headers 100 Idle Heartbeat Nats-Last-Consumer=1 ; Nats-Last-Stream=5",
      "push.p1 headers 100 Idle Heartbeat Nats-Last-Consumer=1 ; Nats-Last-Stream=5",
    ],
  },
  {
    label: "pull on push",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.P1",
    payload: '{"batch":1}',
    replies: ["<inbox> headers 409 Consumer is push based"],
  },
  {
    label: "consumer deleted during pull",
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.D1",
    payload: '{"batch":100,"expires":5000000000}',
    replies: [
      "s.b reply $JS.ACK.S.D1.1.2.2.<ns>.2 headers Nats-Msg-Id=id1 body two",
      "s.c reply $JS.ACK.S.D1.1.4.3.<ns>.1 headers Nats-Rollup=sub body roll",
      "s.c reply $JS.ACK.S.D1.1.5.4.<ns>.0 headers Nats-Required-Api-Level=99 body x",
      "<inbox> headers 409 Consumer Deleted",
    ],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.DELETE.S.C1",
    payload: "",
    replies: ['<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_delete_response","success":true}'],
  },
  {
    label: "",
    subject: "$JS.API.CONSUMER.DELETE.S.C1",
    payload: "",
    replies: [
      '<inbox> body {"type":"io.nats.jetstream.api.v1.consumer_delete_response","error":{"code":404,"err_code":10014,"description":"consumer not found"}}',
    ],
  },
];
