#include "compiler/driver/request_row.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "compiler/ir/l7/letters.hpp"
#include "compiler/manifest/fields.hpp"
#include "compiler/manifest/scalar.hpp"

namespace portcullis::driver {

namespace {

using manifest::Field;
using manifest::NodeId;

struct Row {
  Field<std::string> url, method, target, src, ingress, klass;
  Field<std::int64_t> body;
  Field<bool> authorised, over_rate;
};

constexpr manifest::Rule<Row> row_fields[] = {
    {"url", manifest::text<&Row::url>},
    {"method", manifest::text<&Row::method>},
    {"headers", manifest::any<Row>},
    {"target", manifest::text<&Row::target>},
    {"version", manifest::any<Row>},
    {"sni", manifest::any<Row>},
    {"src", manifest::text<&Row::src>},
    {"body", manifest::int32<&Row::body>},
    {"ingress", manifest::text<&Row::ingress>},
    {"class", manifest::text<&Row::klass>},
    {"authorised", manifest::flag<&Row::authorised>},
    {"overRate", manifest::flag<&Row::over_rate>},
};

class RowReader {
 public:
  RowReader(const manifest::Tree& tree, NodeId node, const Row& row) : tree_(tree), node_(node), row_(row) {}

  std::optional<std::string> read(RequestAsked& out) {
    ir::l7::Request& request = out.question.request;
    url(request);
    if (!error_) headers(request);
    if (!error_) server_name(request);
    if (row_.method) request.method = row_.method->value;
    if (row_.target) request.target = row_.target->value;
    version(request);
    if (row_.src) source(request);
    if (row_.body) body(request);
    if (row_.ingress) out.ingress = row_.ingress->value;
    if (row_.klass) out.klass = row_.klass->value;
    request.authorised = row_.authorised && row_.authorised->value;
    request.over_rate = row_.over_rate && row_.over_rate->value;
    if (request.method.empty() || request.target.empty()) fail("`method` and `target` are not empty");
    return error_;
  }

 private:
  void fail(std::string message) {
    if (!error_) error_ = std::move(message);
  }
  // The value under a key of a mapping; 0: none.
  [[nodiscard]] NodeId under(NodeId mapping, std::string_view name) const {
    for (NodeId key = tree_.target(mapping).child; key != 0; key = tree_[tree_[key].next].next) {
      if (!tree_[key].shadowed && tree_.target(key).value() == name) return tree_[key].next;
    }
    return 0;
  }
  // A scalar as the text that is sent; nothing for null.
  std::optional<std::string> word(NodeId node, std::string_view what) {
    const manifest::TreeNode& scalar = tree_.target(node);
    if (scalar.shape != manifest::Shape::scalar) {
      fail(fmt::format("{} is a text", what));
      return std::nullopt;
    }
    if (manifest::resolve(scalar).type == manifest::Type::null) return std::nullopt;
    return std::string(scalar.value());
  }

  void url(ir::l7::Request& request) {
    if (!row_.url) return fail("`url` is missing");
    auto parsed = parse_url(row_.url->value);
    if (const auto* error = std::get_if<std::string>(&parsed)) return fail("`url`: " + *error);
    Url& url = std::get<Url>(parsed);
    request.https = url.https;
    request.port = url.port;
    request.sni = std::move(url.sni);
    request.target = std::move(url.target);
    request.headers.push_back({"Host", std::move(url.host)});
  }

  void headers(ir::l7::Request& request) {
    const NodeId given = under(node_, "headers");
    if (given == 0) return;
    if (tree_.target(given).shape != manifest::Shape::mapping) return fail("`headers` is a map of texts and lists");
    for (NodeId key = tree_.target(given).child; key != 0; key = tree_[tree_[key].next].next) {
      if (tree_[key].shadowed) continue;
      const std::string name(tree_.target(key).value());
      if (ir::l7::equal_folded(name, "Host")) std::erase_if(request.headers, is_host);
      header(request, name, tree_[key].next);
    }
  }
  static bool is_host(const ir::l7::Header& header) { return ir::l7::equal_folded(header.name, "Host"); }

  void header(ir::l7::Request& request, const std::string& name, NodeId value) {
    if (tree_.target(value).shape != manifest::Shape::sequence) {
      if (const auto text = word(value, "header " + name)) request.headers.push_back({name, *text});
      return;
    }
    for (NodeId item = tree_.target(value).child; item != 0; item = tree_[item].next) {
      if (const auto text = word(item, "header " + name)) request.headers.push_back({name, *text});
    }
  }

  void server_name(ir::l7::Request& request) {
    const NodeId given = under(node_, "sni");
    if (given == 0) return;
    if (!request.https) return fail("`sni` is sent with https only");
    request.sni = word(given, "`sni`");
  }

  void version(ir::l7::Request& request) {
    const NodeId given = under(node_, "version");
    if (given == 0) return;
    if (const auto text = word(given, "`version`")) request.version = *text;
  }

  void source(ir::l7::Request& request) {
    request.source = net::Address::parse(row_.src->value);
    if (!request.source) fail(fmt::format("`src`: `{}` is no IP address", row_.src->value));
  }

  void body(ir::l7::Request& request) {
    if (row_.body->value < 0) return fail("`body` is a number of bytes");
    request.body = static_cast<std::uint64_t>(row_.body->value);
  }

  const manifest::Tree& tree_;
  NodeId node_;
  const Row& row_;
  std::optional<std::string> error_;
};

}  // namespace

bool is_request_row(const manifest::Tree& tree, NodeId row) {
  if (tree.target(row).shape != manifest::Shape::mapping) return false;
  for (NodeId key = tree.target(row).child; key != 0; key = tree[tree[key].next].next) {
    if (tree.target(key).value() == "url") return true;
  }
  return false;
}

std::variant<RequestAsked, std::string> read_request_row(const manifest::Tree& tree, NodeId node,
                                                         std::string_view text) {
  base::Diagnostics own;
  manifest::Decoder decoder(tree, text, {"Request", "", ""}, own);
  Row row;
  manifest::read_fields(decoder, manifest::Pair{0, node}, row_fields, row, manifest::Unknown::error);
  if (!own.all().empty()) return own.all().front().message;
  RequestAsked asked;
  if (const auto error = RowReader(tree, node, row).read(asked)) return *error;
  return asked;
}

}  // namespace portcullis::driver
