/**
 * Requests about streams at their edges: what one server cannot do, limits of consumers, placement, reserved subjects, atomic batches, direct gets. Answers of nats-server 2.15.1.
 */
import type { Step } from "./play-steps.ts";

export const apiSteps: readonly Step[] = [
  {
    subject: "$JS.API.STREAM.CREATE.S",
    payload: '{"name":"S","subjects":["s.>"],"allow_atomic":true,"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"S","subjects":["s.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"allow_atomic":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LEADER.STEPDOWN.S",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_leader_stepdown_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LEADER.STEPDOWN.NOPE",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_leader_stepdown_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LEADER.STEPDOWN.S",
    payload: '{"placement":{}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_leader_stepdown_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LEADER.STEPDOWN.S",
    payload: "{bad",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_leader_stepdown_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PEER.REMOVE.S",
    payload: '{"peer":"x"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_remove_peer_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PEER.REMOVE.S",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_remove_peer_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.META.LEADER.STEPDOWN",
    payload: "",
    answers: [],
  },
  {
    subject: "$JS.API.META.LEADER.STEPDOWN",
    payload: "{}",
    answers: [],
  },
  {
    subject: "$JS.API.SERVER.REMOVE",
    payload: '{"peer":"x"}',
    answers: [],
  },
  {
    subject: "$JS.API.SERVER.REMOVE",
    payload: "",
    answers: [],
  },
  {
    subject: "$JS.API.ACCOUNT.PURGE.$G",
    payload: "",
    answers: [],
  },
  {
    subject: "$JS.API.ACCOUNT.PURGE.X",
    payload: "",
    answers: [],
  },
  {
    subject: "$JS.API.ACCOUNT.STREAM.MOVE.$G.S",
    payload: "{}",
    answers: [],
  },
  {
    subject: "$JS.API.ACCOUNT.STREAM.CANCEL_MOVE.$G.S",
    payload: "{}",
    answers: [],
  },
  {
    subject: "$JS.API.CONSUMER.CREATE.S.C",
    payload:
      '{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit","max_ack_pending":50,"inactive_threshold":60000000000}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.consumer_create_response","stream_name":"S","name":"C","created":"TIME","config":{"durable_name":"C","name":"C","deliver_policy":"all","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"replay_policy":"instant","max_waiting":512,"max_ack_pending":50,"inactive_threshold":60000000000,"num_replicas":0,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":0,"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.CONSUMER.LEADER.STEPDOWN.S.C",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.consumer_leader_stepdown_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.CONSUMER.LEADER.STEPDOWN.S.N",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.consumer_leader_stepdown_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.S",
    payload: '{"name":"S","subjects":["s.>"],"allow_atomic":true,"allow_direct":true,"consumer_limits":{"max_ack_pending":10}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10069,"description":"change to limits violates consumers: C"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.S",
    payload: '{"name":"S","subjects":["s.>"],"allow_atomic":true,"allow_direct":true,"consumer_limits":{"inactive_threshold":1000000000}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10069,"description":"change to limits violates consumers: C"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.S",
    payload:
      '{"name":"S","subjects":["s.>"],"allow_atomic":true,"allow_direct":true,"consumer_limits":{"inactive_threshold":100000000000}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"S","subjects":["s.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{"inactive_threshold":100000000000},"allow_msg_ttl":false,"allow_atomic":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":1},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.PL",
    payload: '{"name":"PL","subjects":["pl"],"placement":{"cluster":"x","tags":["a"]}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"PL","subjects":["pl"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"placement":{"cluster":"x","tags":["a"]},"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.PL2",
    payload: '{"name":"PL2","subjects":["pl2"],"placement":{}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"PL2","subjects":["pl2"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.PL3",
    payload: '{"name":"PL3","subjects":["pl3"],"placement":{"preferred":"x"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"preferred server not permitted in placement"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AS",
    payload: '{"name":"AS","subjects":["as"],"persist_mode":"async","allow_atomic":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"async persist mode is not supported with atomic batch publish"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AS",
    payload: '{"name":"AS","subjects":["as"],"persist_mode":"async","storage":"memory"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"async persist mode is only supported on file storage"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AS",
    payload: '{"name":"AS","subjects":["as"],"persist_mode":"async"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"AS","subjects":["as"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"persist_mode":"async","metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.AS",
    payload: '{"name":"AS","subjects":["as"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"stream configuration update can not change persist mode"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AS2",
    payload: '{"name":"AS2","subjects":["as2"],"persist_mode":"default"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"AS2","subjects":["as2"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.Q",
    payload: '{"name":"Q","subjects":["q.a","q.a"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subject \\"q.a\\" overlaps with \\"q.a\\""}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.JSC",
    payload: '{"name":"JSC","subjects":["$JSC.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subjects that overlap with jetstream api require no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.NRG",
    payload: '{"name":"NRG","subjects":["$NRG.a"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subjects that overlap with jetstream api require no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.JSE",
    payload: '{"name":"JSE","subjects":["$JS.EVENT.x.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"JSE","subjects":["$JS.EVENT.x.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.FS",
    payload: '{"name":"FS","subjects":["fs"],"first_seq":100}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"FS","subjects":["fs"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","first_seq":100,"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":100,"first_ts":"ZERO","last_seq":99,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "fs",
    payload: "x",
    answers: ['{"stream":"FS","seq":100}'],
  },
  {
    subject: "$JS.API.STREAM.INFO.FS",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"FS","subjects":["fs"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","first_seq":100,"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":1,"bytes":0,"first_seq":100,"first_ts":"TIME","last_seq":100,"last_ts":"","num_subjects":1,"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.FS",
    payload: '{"seq":1,"keep":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":400,"err_code":10003,"description":"bad request"},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.FS",
    payload: "{",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: unexpected EOF"},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.FS",
    payload: '{"x":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \\"x\\""},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.FS",
    payload: "{}",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.FS",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.FS",
    payload: '{"seq":1,"last_by_subj":"fs"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.FS",
    payload: '{"seq":100,"no_hdr":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"fs","seq":100,"data":"eA==","time":"TIME"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.FS",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.FS",
    payload: '{"seq":7}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":500,"err_code":10057,"description":"no message found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.FS",
    payload: '{"seq":100,"no_erase":true}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","success":true}'],
  },
  {
    subject: "$JS.API.STREAM.NAMES",
    payload: '{"subject":"s.*"}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_names_response","total":1,"offset":0,"limit":1024,"streams":["S"]}'],
  },
  {
    subject: "$JS.API.STREAM.NAMES",
    payload: '{"subject":"none"}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_names_response","total":0,"offset":0,"limit":1024,"streams":null}'],
  },
  {
    subject: "$JS.API.STREAM.NAMES",
    payload: '{"offset":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_names_response","total":7,"offset":1,"limit":1024,"streams":["AS2","FS","JSE","PL","PL2","S"]}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LIST",
    payload: '{"subject":"fs"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_list_response","total":1,"offset":0,"limit":256,"streams":[{"config":{"name":"FS","subjects":["fs"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","first_seq":100,"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.req.level":"0"}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":101,"first_ts":"ZERO","last_seq":100,"last_ts":"","consumer_count":0},"ts":"TIME"}]}',
    ],
  },
  {
    subject: "$JS.API.STREAM.NAMES",
    payload: "{",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_names_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: unexpected EOF"},"total":0,"offset":0,"limit":0,"streams":null}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.S",
    payload: '{"subjects_filter":"s.>","offset":5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"S","subjects":["s.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{"inactive_threshold":100000000000},"allow_msg_ttl":false,"allow_atomic":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":1},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "u",
      "Nats-Batch-Sequence": "1",
      "Nats-Required-Api-Level": "99",
    },
    answers: ['{"error":{"code":412,"err_code":10185,"description":"JetStream minimum api level required"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "u",
      "Nats-Batch-Sequence": "1",
      "Nats-Required-Api-Level": "1",
    },
    answers: [""],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "u",
      "Nats-Batch-Sequence": "2",
      "Nats-Batch-Commit": "eob",
    },
    answers: ['{"stream":"S","seq":1,"batch":"u","count":1}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "v",
      "Nats-Batch-Sequence": "2",
    },
    answers: ['{"error":{"code":400,"err_code":10176,"description":"atomic publish batch is incomplete"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "v",
    },
    answers: ['{"error":{"code":400,"err_code":10175,"description":"atomic publish sequence is missing"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "v",
      "Nats-Batch-Sequence": "1",
      "Nats-Batch-Commit": "eob",
    },
    answers: ['{"error":{"code":400,"err_code":10176,"description":"atomic publish batch is incomplete"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "v",
      "Nats-Batch-Sequence": "1",
      "Nats-Batch-Commit": "x",
    },
    answers: ['{"error":{"code":400,"err_code":10200,"description":"atomic publish batch commit is invalid"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "w",
      "Nats-Batch-Sequence": "1001",
    },
    answers: ['{"error":{"code":400,"err_code":10199,"description":"atomic publish batch is too large: 1000"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
      "Nats-Batch-Sequence": "1",
    },
    answers: ['{"error":{"code":400,"err_code":10179,"description":"atomic publish batch ID is invalid"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "y",
      "Nats-Batch-Sequence": "1",
      "Nats-Batch-Commit": "1",
    },
    answers: ['{"stream":"S","seq":2,"batch":"y","count":1}'],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "z",
      "Nats-Batch-Sequence": "1",
      "Nats-Expected-Last-Msg-Id": "1",
    },
    answers: [""],
  },
  {
    subject: "s.a",
    payload: "x",
    headers: {
      "Nats-Batch-Id": "z",
      "Nats-Batch-Sequence": "2",
      "Nats-Batch-Commit": "1",
    },
    answers: [
      '{"error":{"code":400,"err_code":10177,"description":"atomic publish unsupported header used: Nats-Expected-Last-Msg-Id"},"stream":"S","seq":0}',
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"seq":1,"batch":-1}',
    answers: ["[204 EOB; Nats-Num-Pending=2; Nats-Last-Sequence=0]"],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"batch":3,"seq":1,"max_bytes":1}',
    answers: [
      "[Nats-Batch-Id=u; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=0] x",
      "[204 EOB; Nats-Num-Pending=1; Nats-Last-Sequence=1]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"batch":3,"start_time":"2020-01-01T00:00:00Z"}',
    answers: [
      "[Nats-Batch-Id=u; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=0] x",
      "[Nats-Batch-Id=y; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=1] x",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=2]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"batch":3,"start_time":"2120-01-01T00:00:00Z"}',
    answers: ["[404 Message Not Found]"],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"multi_last":["s.a"],"batch":1}',
    answers: [
      "[Nats-Batch-Id=y; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=0] x",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=2; Nats-UpTo-Sequence=2]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"multi_last":["s.>"],"up_to_seq":1}',
    answers: [
      "[Nats-Batch-Id=u; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=0] x",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=1; Nats-UpTo-Sequence=1]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"multi_last":["s.>"],"up_to_time":"2000-01-01T00:00:00Z"}',
    answers: ["[404 No Results]"],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"multi_last":["s.>"],"up_to_seq":1,"up_to_time":"2000-01-01T00:00:00Z"}',
    answers: ["[408 Bad Request]"],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: "{",
    answers: ["[408 Malformed Request]"],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"seq":1,"bogus":1}',
    answers: [
      "[Nats-Batch-Id=u; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME] x",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S.s.a",
    payload: "x",
    answers: ["[408 Malformed Request]"],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"last_by_subj":"s.*"}',
    answers: [
      "[Nats-Batch-Id=y; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=2; Nats-Time-Stamp=TIME] x",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"seq":1,"no_hdr":true}',
    answers: ["x"],
  },
  {
    subject: "$JS.API.DIRECT.GET.S.>",
    payload: "",
    answers: [
      "[Nats-Batch-Id=y; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=2; Nats-Time-Stamp=TIME] x",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"seq":2,"next_by_subj":"s.*"}',
    answers: [
      "[Nats-Batch-Id=y; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=2; Nats-Time-Stamp=TIME] x",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"next_by_subj":"s.*"}',
    answers: [
      "[Nats-Batch-Id=u; Nats-Batch-Sequence=1; Nats-Batch-Commit=1; Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME] x",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"seq":2,"batch":5,"next_by_subj":"zz"}',
    answers: ["[404 Message Not Found]"],
  },
  {
    subject: "$JS.API.INFO",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.account_info_response","memory":0,"storage":0,"reserved_memory":0,"reserved_storage":0,"streams":7,"consumers":1,"limits":{"max_memory":-1,"max_storage":-1,"max_streams":-1,"max_consumers":-1,"max_ack_pending":-1,"memory_max_stream_bytes":-1,"storage_max_stream_bytes":-1,"max_bytes_required":false},"api":{}}',
    ],
  },
  {
    subject: "$JS.API.INFO",
    payload: "{}",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.account_info_response","memory":0,"storage":0,"reserved_memory":0,"reserved_storage":0,"streams":7,"consumers":1,"limits":{"max_memory":-1,"max_storage":-1,"max_streams":-1,"max_consumers":-1,"max_ack_pending":-1,"memory_max_stream_bytes":-1,"storage_max_stream_bytes":-1,"max_bytes_required":false},"api":{}}',
    ],
  },
];
