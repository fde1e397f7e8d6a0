#include "tests/ask/asker.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "backends/ebpf/actions_text.hpp"
#include "backends/ebpf/entries.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/maps.hpp"
#include "backends/ebpf/program.hpp"

namespace portcullis::ask {

using ebpf::TableId;
using ebpf::loader::Fd;

struct Asker::Loaded {
  const ebpf::Tables& tables;
  bpf_object* object = nullptr;
  int program = -1;
  std::vector<Fd> inner;
  ~Loaded() { bpf_object__close(object); }
};

namespace {

pcl_flow flow_of(const ebpf::Tables& tables, const net::Packet& packet) {
  pcl_flow flow{};
  flow.source = ebpf::to_bytes(packet.src);
  flow.destination = ebpf::to_bytes(packet.dst);
  flow.port = packet.protocol == net::Protocol::icmp ? 0 : htons(packet.dport);
  flow.protocol = net::number(packet.protocol, packet.family());
  const bool out = packet.from == net::PacketFrom::node;
  if (out) flow.origin |= PCL_ORIGIN_OUT;
  const auto& pods = tables.pod_interface;
  const bool by_name = pods && (packet.iif.empty() ? packet.from == net::PacketFrom::pod
                                : pods->is_prefix  ? packet.iif.starts_with(pods->name)
                                                   : packet.iif == pods->name);
  if (by_name && !out) flow.origin |= PCL_ORIGIN_POD;
  return flow;
}

pcl_question question_of(const ebpf::Tables& tables, const Question& question) {
  pcl_question out{};
  out.flow = flow_of(tables, question.packet);
  out.flow.generation = question.generation;
  out.random = question.random;
  if (question.remembered) {
    out.remembered = 1;
    out.memory.address = ebpf::to_bytes(question.remembered->first);
    out.memory.port = htons(question.remembered->second);
  }
  return out;
}

struct Ran {
  pcl_answer answer{};
  std::uint32_t nanoseconds = 0;
};

Ran run(int program, const pcl_question& question, unsigned repeat) {
  std::array<char, 512> in{}, out{};
  std::memcpy(in.data(), &question, sizeof question);
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = in.data();
  options.data_size_in = in.size();
  options.data_out = out.data();
  options.data_size_out = out.size();
  options.repeat = static_cast<int>(repeat);
  if (bpf_prog_test_run_opts(program, &options) != 0) ebpf::loader::cannot("ask the program", errno);
  if (options.retval != 0) throw ebpf::loader::CannotDo("the program could not read the question");
  Ran ran;
  std::memcpy(&ran.answer, out.data() + sizeof question, sizeof ran.answer);
  ran.nanoseconds = options.duration;
  return ran;
}

}  // namespace

std::string Answer::text() const {
  std::string out(ebpf::to_string(verdict));
  if (verdict == ebpf::Verdict::dnat)
    out += fmt::format(" {}{}", net::endpoint_text(address, port), masquerade ? "*" : "");
  return out;
}

Asker::Asker(const ebpf::Tables& tables) : loaded_(new Loaded{tables, nullptr, -1, {}}) {
  const auto bytes = ebpf::program();
  loaded_->object = bpf_object__open_mem(bytes.data(), bytes.size(), nullptr);
  if (loaded_->object == nullptr) ebpf::loader::cannot("open the program", errno);
  bpf_program* one = nullptr;
  bpf_object__for_each_program(one, loaded_->object)
      bpf_program__set_autoload(one, std::strcmp(bpf_program__name(one), "pcl_ask") == 0);
  if (const int error = bpf_object__load(loaded_->object); error != 0) ebpf::loader::cannot("load the program", -error);
  const ebpf::Entries all = ebpf::entries(tables);
  for (const TableId id : ebpf::all_tables) {
    const std::string name = fmt::format("t_{}", ebpf::to_string(id));
    const int outer = bpf_object__find_map_fd_by_name(loaded_->object, name.c_str());
    loaded_->inner.push_back(ebpf::loader::make_frozen(id, all.of(id)));
    ebpf::loader::put_in_slot(outer, 0, loaded_->inner.back().get());
  }
  loaded_->program = bpf_program__fd(bpf_object__find_program_by_name(loaded_->object, "pcl_ask"));
}

Asker::~Asker() = default;

Answer Asker::ask(const Question& question) const {
  const Ran ran = run(loaded_->program, question_of(loaded_->tables, question), 1);
  Answer out;
  out.verdict = static_cast<ebpf::Verdict>(ran.answer.verdict);
  if (out.verdict != ebpf::Verdict::dnat) return out;
  out.address = ebpf::to_address(ran.answer.choice.address);
  out.port = ntohs(ran.answer.choice.port);
  out.masquerade = ran.answer.choice.masquerade != 0;
  return out;
}

double Asker::nanoseconds(const Question& question, unsigned repeat) const {
  const pcl_question asked = question_of(loaded_->tables, question);
  const Ran once = run(loaded_->program, asked, 1), last = run(loaded_->program, asked, repeat);
  // A question that the first run has changed would not be the one that is timed.
  if (std::memcmp(&once.answer, &last.answer, sizeof once.answer) != 0)
    throw ebpf::loader::CannotDo("the program answers otherwise when it is asked again");
  return last.nanoseconds;
}

}  // namespace portcullis::ask
