// The eBPF backend: what a decision takes in the kernel, what applying takes, and how many TCP connections a second go
// through it beside the netfilter backends. Rounds are interleaved: the machine's drift meets all alike. Needs root.
// Usage: bench_ebpf decide|apply|connect [--rounds N] [--services N]…
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "backends/iptables/iptables.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/file.hpp"
#include "tests/ask/asker.hpp"
#include "tests/bench/cluster_text.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/connection_subject.hpp"
#include "tests/bench/kube_proxy_shape.hpp"
#include "tests/bench/pipeline.hpp"
#include "tests/kernel/ebpf_node.hpp"
#include "tests/kernel/process.hpp"

namespace {

using namespace portcullis;
using Clock = std::chrono::steady_clock;

constexpr std::size_t endpoints_each = 10;

struct Options {
  std::string what;
  std::size_t rounds = 0;  // 0: as many as that part takes by itself
  std::vector<std::size_t> services;
};

ir::Program program(std::size_t services, ir::Dialect dialect) {
  return bench::program_of(bench::json_text({services, endpoints_each, 10}), true, dialect);
}

ebpf::Tables tables_of(const ir::Program& program) {
  base::Diagnostics diagnostics;
  ebpf::Tables out = ebpf::lower(std::span(&program, 1), ebpf::program_digest(), diagnostics);
  if (diagnostics.has_errors()) throw base::InternalError(diagnostics.all().front().message);
  return out;
}

const ir::Route& last_cluster_ip(const ir::Program& program) {
  const ir::Route* last = nullptr;
  for (const ir::Route& route : program.routes)
    if (route.kind == ir::FrontendKind::cluster_ip) last = &route;
  if (last == nullptr) throw base::InternalError("no Service");
  return *last;
}

// `12,345 (10,000–13,000)`
std::string spread(const std::vector<double>& values) {
  const auto [least, most] = std::ranges::minmax(values);
  return fmt::format("{:.0f} ({:.0f}–{:.0f})", bench::median(values), least, most);
}

// Median of the rounds' ratios.
double ratio(const std::vector<double>& of, const std::vector<double>& to) {
  std::vector<double> out;
  for (std::size_t i = 0; i < of.size(); ++i) out.push_back(of[i] / to[i]);
  return bench::median(std::move(out));
}

// ---- decide

struct Asked {
  std::string name;
  net::Packet packet;
  ebpf::Verdict expected{};
  std::uint32_t generation = 0;
};

net::Packet packet(const char* from, const net::Address& to, std::uint16_t port) {
  net::Packet out;
  out.from = net::PacketFrom::external;
  out.src = *net::Address::parse(from);
  out.dst = to;
  out.dport = port;
  return out;
}

std::vector<Asked> questions(const ir::Program& program) {
  const net::Address last = *last_cluster_ip(program).key.address;
  const net::Address node = *net::Address::parse("192.168.10.10");
  return {{"ClusterIP", packet("10.255.0.5", last, 80), ebpf::Verdict::dnat, 0},
          {"node port", packet("192.0.2.9", node, 30100), ebpf::Verdict::dnat, 0},
          {"refused by hygiene", packet("10.255.0.5", last, 81), ebpf::Verdict::reject, 0},
          {"no frontend", packet("10.255.0.5", *net::Address::parse("192.0.2.1"), 80), ebpf::Verdict::none, 0},
          // Nothing is looked up: reading the question and writing the answer are left.
          {"asking alone", packet("10.255.0.5", last, 80), ebpf::Verdict::none, 3}};
}

struct Subject {
  ebpf::Tables tables;
  std::unique_ptr<ask::Asker> asker;
  std::vector<Asked> questions;
  std::vector<std::vector<double>> nanoseconds;  // by question
};

Subject asked(std::size_t services) {
  const ir::Program of = program(services, ir::Dialect::nftables);
  Subject out{.tables = tables_of(of), .asker = {}, .questions = questions(of), .nanoseconds = {}};
  out.nanoseconds.resize(out.questions.size());
  return out;
}

void decide(const Options& options) {
  constexpr unsigned repeat = 200'000;
  std::vector<Subject> subjects;
  for (const std::size_t n : options.services) subjects.push_back(asked(n));
  for (Subject& one : subjects) {
    one.asker = std::make_unique<ask::Asker>(one.tables);
    for (const Asked& question : one.questions) {
      if (const auto answer = one.asker->ask({question.packet, {}, 0, question.generation});
          answer.verdict != question.expected)
        throw base::InternalError(question.name + ": " + answer.text());
    }
  }
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (Subject& one : subjects) {
      for (std::size_t i = 0; i < one.questions.size(); ++i)
        one.nanoseconds[i].push_back(
            one.asker->nanoseconds({one.questions[i].packet, {}, 0x80000000, one.questions[i].generation}, repeat));
    }
  }
  fmt::print("| ns a packet, median (least–most) |");
  for (const std::size_t n : options.services) fmt::print(" {} Services |", n);
  fmt::print(" {} : {} |\n|---|", options.services.back(), options.services.front());
  for (std::size_t i = 0; i <= options.services.size(); ++i) fmt::print("---|");
  fmt::print("\n");
  for (std::size_t i = 0; i < subjects.front().questions.size(); ++i) {
    fmt::print("| {} |", subjects.front().questions[i].name);
    for (const Subject& one : subjects) fmt::print(" {} |", spread(one.nanoseconds[i]));
    fmt::print(" {:.2f} |\n", ratio(subjects.back().nanoseconds[i], subjects.front().nanoseconds[i]));
  }
}

// ---- apply

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// What a command takes, and what the steps within it take.
struct Timed {
  double whole = 0;
  std::vector<std::pair<std::string, double>> steps;
  [[nodiscard]] double step(std::string_view name) const {
    double out = 0;
    for (const auto& [word, time] : steps)
      if (word.starts_with(name)) out += time;
    return out;
  }
};

// `run` calls the step before each thing that it does.
template <class Run>
Timed timed(const Run& run) {
  std::vector<std::pair<std::string, Clock::time_point>> marks;
  const auto begin = Clock::now();
  const apply::Result result = run([&](std::string_view step) { marks.emplace_back(std::string(step), Clock::now()); });
  const auto end = Clock::now();
  if (result.status != 0) throw base::InternalError(kernel::told(result));
  Timed out{.whole = milliseconds(end - begin), .steps = {}};
  out.steps.emplace_back("begin", milliseconds((marks.empty() ? end : marks.front().second) - begin));
  for (std::size_t i = 0; i < marks.size(); ++i)
    out.steps.emplace_back(marks[i].first,
                           milliseconds((i + 1 < marks.size() ? marks[i + 1].second : end) - marks[i].second));
  return out;
}

Timed applied(kernel::EbpfNode& node, const kernel::ArtefactFolder& folder) {
  return timed([&](const ebpf::loader::Step& step) {
    apply::Options options = node.options();
    options.step = step;
    return node.apply(folder, options);
  });
}

double read_once(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add("node.pcl", text);
  const auto begin = Clock::now();
  const auto tables = ebpf::read(file, sources, diagnostics);
  const auto end = Clock::now();
  if (!tables) throw base::InternalError("node.pcl cannot be read");
  return milliseconds(end - begin);
}

void apply_of(std::size_t services, std::size_t rounds) {
  ebpf::Tables before = kernel::many_tables(static_cast<unsigned>(services), endpoints_each);
  ebpf::Tables after = before;
  for (ebpf::Pool& pool : after.pools) std::ranges::reverse(pool.endpoints);
  const kernel::ArtefactFolder first(before), second(after);
  std::vector<double> reading, firsts, loads, updates, checks, fills, backs, switches, rollbacks;
  for (std::size_t round = 0; round < rounds; ++round) {
    kernel::EbpfNode node;
    reading.push_back(read_once(first.read("node.pcl")));
    const Timed whole = applied(node, first);
    firsts.push_back(whole.whole);
    loads.push_back(whole.step("load"));
    const Timed update = applied(node, second);
    updates.push_back(update.whole);
    checks.push_back(update.step("begin"));
    fills.push_back(update.step("make way") + update.step("fill"));
    backs.push_back(update.step("read back"));
    switches.push_back(update.step("switch"));
    const auto begin = Clock::now();
    if (node.roll_back().status != 0) throw base::InternalError("cannot roll back");
    rollbacks.push_back(milliseconds(Clock::now() - begin));
  }
  const auto row = [&](const char* name, const std::vector<double>& values) {
    const auto [least, most] = std::ranges::minmax(values);
    fmt::print("| {} | {} | {:.2f} | {:.2f}–{:.2f} |\n", services, name, bench::median(values), least, most);
  };
  row("reading node.pcl", reading);
  row("`apply`, nothing loaded before", firsts);
  row("… loading the program", loads);
  row("`apply`, an update", updates);
  row("… checking sums and reading", checks);
  row("… filling the tables", fills);
  row("… reading them back", backs);
  row("… switching", switches);
  row("`rollback`", rollbacks);
}

void apply_all(const Options& options) {
  fmt::print("| Services × 10 | what | ms, median | least–most |\n|---|---|---|---|\n");
  for (const std::size_t n : options.services) apply_of(n, options.rounds);
}

// ---- connect

void write(const std::string& path, const std::string& text) {
  if (const auto error = base::write_file(path, text)) throw base::InternalError(path + ": " + *error);
}

std::vector<net::Address> endpoints_of(const ir::Program& program, const net::Address& service) {
  const ebpf::Tables tables = tables_of(program);
  std::vector<net::Address> out;
  for (const ebpf::Frontend& frontend : tables.frontends) {
    if (frontend.key.address != service || frontend.key.port != 80) continue;
    for (const ebpf::Endpoint& endpoint : tables.pools.at(frontend.pools.front()).endpoints)
      out.push_back(endpoint.address);
  }
  return out;
}

using Subjects = std::vector<std::unique_ptr<bench::ConnectionSubject>>;

// A program of its own with pins and a control group of its own.
void by_ebpf(bench::ConnectionPlan& plan, const std::shared_ptr<kernel::ArtefactFolder>& folder) {
  const auto options = std::make_shared<apply::Options>();
  plan.around = [options](const std::function<void()>& inner) {
    const kernel::ControlGroup group;
    const kernel::PinFolder pins;
    options->cgroup = group.path();
    options->pins = pins.pins();
    inner();
  };
  plan.load = [options, folder] {
    if (const apply::Result result = apply::apply(folder->path(), *options); result.status != 0)
      throw base::InternalError(kernel::told(result));
  };
}

// The rows of one size, in the same order for every size.
Subjects connecting(const std::string& folder, std::size_t services) {
  const ir::Program nft = program(services, ir::Dialect::nftables);
  const ir::Program ipt = program(services, ir::Dialect::iptables);
  base::Diagnostics diagnostics;
  const iptables::Ruleset rules = iptables::lower(ipt, diagnostics);
  write(folder + "/ours.nft", nftables::print(nftables::lower(std::span(&nft, 1), diagnostics)));
  write(folder + "/ours.rules", iptables::print(rules));
  write(folder + "/ours.jumps", iptables::print_jumps(rules));
  write(folder + "/shape.rules", bench::kube_proxy_iptables(ipt));
  const auto artefact = std::make_shared<kernel::ArtefactFolder>(tables_of(nft));
  const net::Address service = *last_cluster_ip(nft).key.address;
  Subjects out;
  const auto add = [&](const char* name, const std::string& command) {
    fmt::print(stderr, "{} Services: {}\n", services, name);
    bench::ConnectionPlan plan{.name = name, .to = service, .endpoints = endpoints_of(nft, service), .load = {}};
    if (command.empty()) plan.to = plan.endpoints.front(), plan.port = 8080;
    plan.load = [command] {
      if (!command.empty()) static_cast<void>(kernel::run_or_fail({"sh", "-c", command}));
    };
    if (command == "ebpf") by_ebpf(plan, artefact);
    out.push_back(std::make_unique<bench::ConnectionSubject>(plan));
  };
  const auto restore = [&](const char* tool) {
    return fmt::format("{0} --noflush < {1}/ours.rules && {0} --noflush < {1}/ours.jumps", tool, folder);
  };
  add("no ruleset, to the endpoint", {});
  add("eBPF", "ebpf");
  add("nftables", fmt::format("nft -f {}/ours.nft", folder));
  add("iptables legacy", restore("iptables-legacy-restore"));
  add("iptables nf_tables", restore("iptables-nft-restore"));
  add("iptables legacy, kube-proxy's shape", fmt::format("iptables-legacy-restore --noflush < {}/shape.rules", folder));
  return out;
}

std::vector<double> of_rounds(const bench::ConnectionSubject& subject, double bench::ConnectionRound::* value) {
  std::vector<double> out;
  for (const bench::ConnectionRound& round : subject.rounds()) out.push_back(round.*value);
  return out;
}

void connect(const Options& options) {
  std::string folder = "/tmp/portcullis-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw base::InternalError("no folder");
  std::vector<Subjects> table;
  for (const std::size_t n : options.services) table.push_back(connecting(folder, n));
  std::filesystem::remove_all(folder);
  // Each round begins with another one: conntrack's table is the machine's, and holds what the one before has left.
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (const Subjects& size : table)
      for (std::size_t i = 0; i < size.size(); ++i) size[(round + i) % size.size()]->round();
  }
  fmt::print(
      "| Services × 10 | ruleset | connections a second, median (least–most) | eBPF : this | CPU µs a connection, "
      "median | this : eBPF | stalls |\n|---|---|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto ebpf_rates = of_rounds(*table[i][1], &bench::ConnectionRound::rate);
    const auto ebpf_cpu = of_rounds(*table[i][1], &bench::ConnectionRound::cpu);
    for (const auto& one : table[i]) {
      const auto rates = of_rounds(*one, &bench::ConnectionRound::rate);
      const auto cpu = of_rounds(*one, &bench::ConnectionRound::cpu);
      std::uint32_t stalls = 0;
      for (const bench::ConnectionRound& round : one->rounds()) stalls += round.stalls;
      fmt::print("| {} | {} | {} | {:.2f} | {:.1f} | {:.2f} | {} |\n", options.services[i], one->name(), spread(rates),
                 ratio(ebpf_rates, rates), bench::median(cpu), ratio(cpu, ebpf_cpu), stalls);
    }
  }
}

Options parse(int argc, char** argv) {
  Options out;
  if (argc > 1) out.what = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--rounds") out.rounds = std::stoul(argv[i + 1]);
    if (std::string(argv[i]) == "--services") out.services.push_back(std::stoul(argv[i + 1]));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = parse(argc, argv);
  const auto with = [&](std::size_t rounds, const std::vector<std::size_t>& services) {
    if (options.rounds == 0) options.rounds = rounds;
    if (options.services.empty()) options.services = services;
    return options;
  };
  if (options.what == "decide") {
    decide(with(11, {100, 1000, 10000}));
  } else if (options.what == "apply") {
    apply_all(with(7, {10000}));
  } else if (options.what == "connect") {
    connect(with(40, {100, 1000, 10000}));
  } else {
    fmt::print(stderr, "usage: bench_ebpf decide|apply|connect [--rounds N] [--services N]…\n");
    return 2;
  }
  return 0;
}
