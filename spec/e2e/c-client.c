/* Everyday work of Debian's C client (libnats): publish, subscribe, request, a station, acks, a durable pull group. Prints one line when all is well. */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(natsStatus status, const char *what) {
    if (status == NATS_OK) return;
    fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static void answer(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)sub;
    (void)closure;
    natsConnection_PublishString(nc, natsMsg_GetReply(msg), "pong");
    natsMsg_Destroy(msg);
}

int main(int argc, char **argv) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL, *service = NULL, *pull = NULL;
    natsMsg *msg = NULL;
    jsCtx *js = NULL;
    jsStreamConfig station;
    jsPubAck *ack = NULL;
    natsMsgList list;
    const char *subjects[] = {"c.>"};
    int i;
    if (argc != 2) return 2;
    must(natsConnection_ConnectTo(&nc, argv[1]), "connect");

    must(natsConnection_SubscribeSync(&sub, nc, "live.*"), "subscribe");
    must(natsConnection_PublishString(nc, "live.a", "hello"), "publish");
    must(natsSubscription_NextMsg(&msg, sub, 5000), "next");
    if (strcmp(natsMsg_GetData(msg), "hello") != 0) return 3;
    natsMsg_Destroy(msg);

    must(natsConnection_Subscribe(&service, nc, "ping", answer, NULL), "serve");
    must(natsConnection_RequestString(&msg, nc, "ping", "ping", 5000), "request");
    if (strcmp(natsMsg_GetData(msg), "pong") != 0) return 4;
    natsMsg_Destroy(msg);

    must(natsConnection_JetStream(&js, nc, NULL), "jetstream");
    must(jsStreamConfig_Init(&station), "config");
    station.Name = "C";
    station.Subjects = subjects;
    station.SubjectsLen = 1;
    must(js_AddStream(NULL, js, &station, NULL, NULL), "add the station");
    for (i = 1; i <= 100; i++) {
        char body[16];
        int length = snprintf(body, sizeof body, "%d", i);
        must(js_Publish(&ack, js, "c.numbers", body, length, NULL, NULL), "publish with ack");
        if (ack->Sequence != (uint64_t)i) return 5;
        jsPubAck_Destroy(ack);
    }
    must(js_PullSubscribe(&pull, js, "c.>", "readers", NULL, NULL, NULL), "pull subscribe");
    for (i = 1; i <= 100;) {
        int k;
        must(natsSubscription_Fetch(&list, pull, 10, 5000, NULL), "fetch");
        for (k = 0; k < list.Count; k++, i++) {
            if (natsMsg_GetDataLength(list.Msgs[k]) <= 0 || atoi(natsMsg_GetData(list.Msgs[k])) != i) return 6;
            must(natsMsg_AckSync(list.Msgs[k], NULL, NULL), "ack");
        }
        natsMsgList_Destroy(&list);
    }
    natsSubscription_Destroy(pull);
    natsSubscription_Destroy(service);
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    nats_Close();
    printf("all well\n");
    return 0;
}
