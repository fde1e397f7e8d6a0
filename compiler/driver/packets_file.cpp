#include "compiler/driver/packets_file.hpp"

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "compiler/base/file.hpp"
#include "compiler/driver/request_row.hpp"
#include "compiler/driver/tree_json.hpp"
#include "compiler/manifest/fields.hpp"
#include "compiler/manifest/json.hpp"
#include "compiler/manifest/utf8.hpp"
#include "compiler/manifest/yaml.hpp"

namespace portcullis::driver {

namespace {

using manifest::Field;

struct Row {
  Field<std::string> from, src, dst, proto, iif, ct_state;
  Field<std::int64_t> dport, sport;
};

constexpr manifest::Rule<Row> row_fields[] = {
    {"from", manifest::text<&Row::from>},    {"src", manifest::text<&Row::src>},
    {"dst", manifest::text<&Row::dst>},      {"proto", manifest::text<&Row::proto>},
    {"dport", manifest::int32<&Row::dport>}, {"sport", manifest::int32<&Row::sport>},
    {"iif", manifest::text<&Row::iif>},      {"ct_state", manifest::text<&Row::ct_state>},
    {"sticky", manifest::any<Row>},
};

// The first thing that is wrong with a row, or nothing.
class RowReader {
 public:
  explicit RowReader(const Row& row) : row_(row) {}

  std::optional<std::string> read(PacketRequest& out) {
    net::Packet& p = out.packet;
    address("src", row_.src, p.src);
    address("dst", row_.dst, p.dst);
    if (!error_ && p.src.family() != p.dst.family()) error_ = "`src` and `dst` are of different families";
    word("proto", row_.proto, net::parse_protocol, "TCP, UDP, SCTP or ICMP", p.protocol);
    word("ct_state", row_.ct_state, net::parse_conntrack_state, "new, established, related or invalid", p.ct_state);
    word("from", row_.from, net::parse_packet_from, "pod, remote-pod, external or node", p.from);
    out.has_from = row_.from.has_value();
    ports(p);
    if (row_.iif) p.iif = row_.iif->value;
    return error_;
  }

 private:
  void fail(std::string message) {
    if (!error_) error_ = std::move(message);
  }

  void address(std::string_view key, const Field<std::string>& field, net::Address& out) {
    if (!field) return fail(fmt::format("`{}` is missing", key));
    const std::optional<net::Address> parsed = net::Address::parse(field->value);
    if (!parsed) return fail(fmt::format("`{}`: `{}` is no IP address", key, field->value));
    out = *parsed;
  }

  template <class T>
  void word(std::string_view key, const Field<std::string>& field, std::optional<T> (*parse)(std::string_view),
            std::string_view known, T& out) {
    if (!field) return;
    const std::optional<T> parsed = parse(field->value);
    if (!parsed) return fail(fmt::format("`{}`: `{}` is none of {}", key, field->value, known));
    out = *parsed;
  }

  void port(std::string_view key, const Field<std::int64_t>& field, std::uint16_t& out) {
    if (!field) return;
    if (field->value < 1 || field->value > 65535)
      return fail(fmt::format("`{}`: {} is outside 1–65535", key, field->value));
    out = static_cast<std::uint16_t>(field->value);
  }

  void ports(net::Packet& p) {
    if (p.protocol == net::Protocol::icmp) {
      if (row_.dport || row_.sport) fail("ICMP has no ports");
      return;
    }
    if (!row_.dport) fail("`dport` is missing");
    port("dport", row_.dport, p.dport);
    port("sport", row_.sport, p.sport);
  }

  const Row& row_;
  std::optional<std::string> error_;
};

PacketEntry read_entry(const manifest::Tree& tree, manifest::NodeId node, std::string_view text) {
  if (is_request_row(tree, node)) {
    auto read = read_request_row(tree, node, text);
    if (const auto* error = std::get_if<std::string>(&read)) return BadPacket{tree_json(tree, node), *error};
    return std::get<RequestAsked>(std::move(read));
  }
  base::Diagnostics own;
  manifest::Decoder decoder(tree, text, {"Packet", "", ""}, own);
  Row row;
  const manifest::Pair pair{0, node};
  std::optional<std::string> error;
  if (tree.target(node).shape != manifest::Shape::mapping) {
    error = "a packet is a map of src, dst, proto, dport and so on";
  } else {
    manifest::read_fields(decoder, pair, row_fields, row, manifest::Unknown::error);
    if (!own.all().empty()) error = own.all().front().message;
  }
  PacketRequest request;
  if (!error) error = RowReader(row).read(request);
  if (error) return BadPacket{tree_json(tree, node), *error};
  return request;
}

template <class Documents>
bool parse(const manifest::Source& source, manifest::Tree& tree, manifest::Problem& problem,
           std::unique_ptr<Documents>& documents) {
  documents = std::make_unique<Documents>(source, manifest::Limits{});
  switch (documents->next(tree, problem)) {
    case Documents::Outcome::document:
      return true;
    case Documents::Outcome::end:
      problem.reason = "it is empty";
      return false;
    case Documents::Outcome::broken:
      return false;
  }
  return false;
}

}  // namespace

PacketsFile read_packets_text(std::string name, std::string text, base::SourceMap& sources,
                              base::Diagnostics& diagnostics) {
  manifest::normalise_encoding(text);
  manifest::Source source;
  source.file = sources.add(std::move(name), std::move(text));
  source.text = sources.text(source.file);
  manifest::Tree tree;
  tree.file = source.file;
  manifest::Problem problem;
  // Trees may point into what their reader holds.
  std::unique_ptr<manifest::JsonDocuments> json;
  std::unique_ptr<manifest::YamlDocuments> yaml;
  const bool parsed = (manifest::looks_like_json(source.text) && parse(source, tree, problem, json)) ||
                      parse(source, tree, problem, yaml);
  PacketsFile out;
  if (!parsed) {
    out.readable = false;
    base::Diagnostic& d = diagnostics.add("PC1001", "cannot read the packets: " + problem.reason, problem.span);
    d.hint = problem.hint;
    return out;
  }
  const manifest::TreeNode& root = tree.target(tree.root);
  if (root.shape != manifest::Shape::sequence) {
    out.readable = false;
    diagnostics.add("PC1005", "a packets file holds a list of packets", tree.span(tree.root)).hint =
        "- {src: 192.0.2.7, dst: 10.96.0.20, dport: 80}";
    return out;
  }
  for (manifest::NodeId item = root.child; item != 0; item = tree[item].next) {
    out.packets.push_back(read_entry(tree, item, source.text));
  }
  return out;
}

PacketsFile read_packets(const std::string& path, base::SourceMap& sources, base::Diagnostics& diagnostics) {
  std::string text;
  if (const base::FileError error = base::read_file(path, text)) {
    diagnostics.add("PC1001", fmt::format("cannot read {}: {}", path, *error), {});
    return {{}, false};
  }
  return read_packets_text(path == "-" ? "<stdin>" : path, std::move(text), sources, diagnostics);
}

}  // namespace portcullis::driver
