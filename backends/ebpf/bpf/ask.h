// Never attached: lets BPF_PROG_TEST_RUN ask the kernel what decide and choose say.
#ifndef PORTCULLIS_BPF_ASK_H
#define PORTCULLIS_BPF_ASK_H

#include "backends/ebpf/bpf/decide.h"

SEC("tc")
int pcl_ask(struct __sk_buff* skb) {
  struct pcl_question question;
  if (bpf_skb_load_bytes(skb, 0, &question, sizeof(question))) return -1;
  question.flow.generation %= PCL_GENERATIONS;
  struct pcl_answer answer = {};
  answer.decision = decide(&question.flow);
  answer.verdict = answer.decision & PCL_ACTION_VERDICT;
  if (answer.verdict == PCL_DNAT) {
    const struct pcl_memory* remembered = question.remembered ? &question.memory : 0;
    answer.verdict = choose(&question.flow, answer.decision, remembered, question.random, &answer.choice);
  }
  return bpf_skb_store_bytes(skb, sizeof(question), &answer, sizeof(answer), 0);
}

#endif
