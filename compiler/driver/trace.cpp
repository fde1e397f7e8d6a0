// `trace`: the way of one packet or request, or of a list of them.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "compiler/driver/commands.hpp"
#include "compiler/driver/nodes.hpp"
#include "compiler/driver/output.hpp"
#include "compiler/driver/packet_sentence.hpp"
#include "compiler/driver/packets_file.hpp"
#include "compiler/driver/request_sentence.hpp"
#include "compiler/driver/result_output.hpp"
#include "compiler/driver/session.hpp"
#include "compiler/report/trace_output.hpp"

namespace portcullis::driver {

namespace {

constexpr std::array<std::string_view, 2> forms{"text", "json"};

// What answers are asked of: programs and routers of one cluster.
class Answers {
 public:
  Answers(const Loaded& loaded, std::string node)
      : cluster_(loaded.resolved.cluster), routers_(loaded.routers), node_(std::move(node)), tracer_(cluster_) {}

  report::TraceAnswer operator()(const PacketEntry& entry) {
    if (const auto* bad = std::get_if<BadPacket>(&entry)) return {std::nullopt, std::nullopt, bad->given, bad->error};
    if (const auto* asked = std::get_if<RequestAsked>(&entry)) return request(*asked);
    const net::Packet packet = complete(std::get<PacketRequest>(entry), cluster_.profile, tracer_, node_);
    return {tracer_.trace(packet, node_), std::nullopt, "", ""};
  }

 private:
  report::TraceAnswer request(const RequestAsked& asked) {
    const auto chosen = choose_router(routers_, asked);
    if (const auto* error = std::get_if<std::string>(&chosen)) {
      return {std::nullopt, std::nullopt, report::request_json(asked.question.request), *error};
    }
    const ir::l7::Router* router = std::get<const ir::l7::Router*>(chosen);
    std::unique_ptr<ir::l7::Server>& server = servers_[router];
    if (!server) server = std::make_unique<ir::l7::Server>(*router);
    return {std::nullopt, trace::trace_request(cluster_, tracer_, *server, asked.question), "", ""};
  }

  const cluster::Cluster& cluster_;
  const std::vector<ir::l7::Router>& routers_;
  std::string node_;
  trace::Tracer tracer_;
  std::map<const ir::l7::Router*, std::unique_ptr<ir::l7::Server>> servers_;
};

int trace_packets(const TraceCommand& command, const ResultOutputs& outputs, Session& session, const Loaded& loaded,
                  const std::vector<PacketEntry>& packets) {
  std::string node;
  if (command.node) {
    const cluster::Node* chosen = choose_node(loaded.resolved.cluster, command.node);
    if (chosen == nullptr) return exit_usage;
    node = chosen->name;
  }
  Answers answer(loaded, std::move(node));
  std::vector<report::TraceAnswer> answers;
  answers.reserve(packets.size());
  session.progress.stage("trace");
  for (const PacketEntry& packet : packets) answers.push_back(answer(packet));
  session.progress.done();
  bool good = std::ranges::all_of(answers, [](const report::TraceAnswer& a) { return a.error.empty(); });
  for (const ResultOutput& output : outputs.results) {
    const bool colour = !output.file && coloured(session.common.color, Stream::out);
    good &= write_result(output, output.form == "json" ? report::trace_json(loaded.resolved.cluster.profile.dialect,
                                                                            answers, session.sources)
                                                       : report::trace_text(answers, session.sources, colour));
  }
  return good ? exit_done : exit_input;
}

std::variant<PacketEntry, SentenceError> parse_sentence(const std::string& sentence) {
  const auto entry = [](auto&& parsed) -> std::variant<PacketEntry, SentenceError> {
    if (const auto* error = std::get_if<SentenceError>(&parsed)) return *error;
    return PacketEntry{std::get<0>(std::move(parsed))};
  };
  return is_request_sentence(sentence) ? entry(parse_request_sentence(sentence))
                                       : entry(parse_packet_sentence(sentence));
}

// The packet or request of the line, or those of the file. Nothing, with `status`, if there are none to trace.
std::optional<std::vector<PacketEntry>> packets_of(const TraceCommand& command, const std::string& sentence,
                                                   Session& session, int& status) {
  if (command.packets) {
    PacketsFile file = read_packets(*command.packets, session.sources, session.diagnostics);
    status = exit_input;
    return file.readable ? std::optional(std::move(file.packets)) : std::nullopt;
  }
  const auto parsed = parse_sentence(sentence);
  if (const auto* entry = std::get_if<PacketEntry>(&parsed)) return std::vector<PacketEntry>{*entry};
  const std::string text = show(std::get<SentenceError>(parsed), sentence, coloured(session.common.color, Stream::err));
  std::fputs(text.c_str(), stderr);
  status = exit_usage;
  return std::nullopt;
}

// Takes the sentence off the paths; false, with a complaint, if the line makes no sense.
bool take_sentence(Common& common, const std::optional<std::string>& packets, std::string& sentence) {
  if (packets) {
    const bool twice = *packets == "-" && std::ranges::find(common.paths, "-") != common.paths.end();
    if (twice) complain("standard input can be the manifests or the packets, not both");
    return !twice;
  }
  if (common.paths.empty()) {
    complain("name the input, then the packet: trace manifests/ 'tcp from 192.0.2.7 to 10.96.0.20:80'");
    return false;
  }
  sentence = common.paths.back();
  common.paths.pop_back();
  return true;
}

}  // namespace

int run(const TraceCommand& command) {
  Common common = command.common;
  std::string sentence;
  if (!take_sentence(common, command.packets, sentence)) return exit_usage;
  const std::optional<Unit> unit = single_unit(common);
  const std::optional<ResultOutputs> outputs = parse_result_outputs(common.outputs, forms);
  if (!unit || !outputs) return exit_usage;
  Session session(common);
  int status = exit_done;
  const std::optional<std::vector<PacketEntry>> packets = packets_of(command, sentence, session, status);
  if (packets) {
    const Loaded loaded = load(session, *unit, false);
    const bool refused = session.unreadable || any_stops(session.diagnostics);
    status = trace_packets(command, *outputs, session, loaded, *packets);
    if (refused && status == exit_done) status = exit_input;
  }
  session.progress.done();
  session.diagnostics.sort();
  print_findings_to_stderr(session);
  if (!write_findings(session, outputs->findings) && status == exit_done) status = exit_input;
  if (session.common.verbose) print_timings(session);
  return status;
}

}  // namespace portcullis::driver
