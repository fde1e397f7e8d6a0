#include "compiler/manifest/yaml.hpp"

#include <limits>
#include <map>

#include <fmt/format.h>
#include <yaml.h>

#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"
#include "compiler/manifest/keys.hpp"
#include "compiler/manifest/scalar.hpp"

namespace portcullis::manifest {

namespace {

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(text));
}

Tag tag_of(const yaml_char_t* text) {
  constexpr std::string_view prefix = "tag:yaml.org,2002:";
  std::string_view name = view(text);
  if (name.empty()) return Tag::none;
  if (!name.starts_with(prefix)) return Tag::other;
  name.remove_prefix(prefix.size());
  if (name == "str") return Tag::string;
  if (name == "bool") return Tag::boolean;
  if (name == "int") return Tag::integer;
  if (name == "float") return Tag::real;
  if (name == "null") return Tag::null;
  if (name == "timestamp") return Tag::timestamp;
  if (name == "binary") return Tag::binary;
  return name == "merge" ? Tag::merge : Tag::other;
}

// Frees an event on every way out.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  [[nodiscard]] bool next(yaml_parser_t& parser) {
    yaml_event_delete(&event_);
    return yaml_parser_parse(&parser, &event_) != 0;
  }
  [[nodiscard]] const yaml_event_t& operator*() const { return event_; }
  [[nodiscard]] const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

// Nodes that aliases added are counted without building them, so the count may grow fast.
std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

}  // namespace

class YamlDocuments::Composer {
 public:
  Composer(const Source& source, const Limits& limits) : source_(source), limits_(limits), places_(source) {
    if (yaml_parser_initialize(&parser_) == 0) throw base::InternalError("libyaml cannot be initialised");
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(source.text.data()),
                                 source.text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  Composer(const Composer&) = delete;
  Composer& operator=(const Composer&) = delete;
  ~Composer() { yaml_parser_delete(&parser_); }

  Outcome next(Tree& tree, Problem& problem);

 private:
  struct Anchor {
    NodeId node = 0;
    bool open = true;          // its collection is still being read
    std::uint64_t weight = 1;  // nodes it stands for, aliases inside it counted as what they stand for
  };
  struct Frame {
    NodeId node = 0;
    NodeId last = 0;  // child
    bool merges = false;
    std::size_t anchor = 0;  // index into anchors_ plus one
    std::uint64_t total_before = 0;
  };

  bool handle(const yaml_event_t& event, Tree& tree, Problem& problem);
  bool add_scalar(const yaml_event_t& event, Tree& tree);
  bool open(const yaml_event_t& event, Tree& tree, Problem& problem);
  bool close(const yaml_event_t& event, Tree& tree, Problem& problem);
  bool add_alias(const yaml_event_t& event, Tree& tree, Problem& problem);
  void attach(Tree& tree, NodeId id);
  std::size_t define(const yaml_char_t* name, NodeId id);
  void set_place(TreeNode& node, const yaml_event_t& event) const;
  [[nodiscard]] std::size_t after_properties(std::size_t at) const;
  [[nodiscard]] Problem explain() const;

  const Source& source_;
  Limits limits_;
  Places places_;
  yaml_parser_t parser_{};
  std::vector<Frame> stack_;
  std::vector<Anchor> anchors_;
  std::map<std::string, std::size_t, std::less<>> anchor_names_;
  std::uint64_t total_ = 0;    // nodes of the document, aliases counted as what they stand for
  std::uint64_t aliased_ = 0;  // those that aliases brought
};

YamlDocuments::Outcome YamlDocuments::Composer::next(Tree& tree, Problem& problem) {
  tree.clear();
  tree.file = source_.file;
  stack_.clear();
  anchors_.clear();
  anchor_names_.clear();
  total_ = aliased_ = 0;
  Event event;
  for (;;) {
    if (!event.next(parser_)) {
      problem = explain();
      return Outcome::broken;
    }
    if (event->type == YAML_STREAM_END_EVENT || event->type == YAML_NO_EVENT) return Outcome::end;
    if (event->type == YAML_DOCUMENT_END_EVENT) return Outcome::document;
    if (!handle(*event, tree, problem)) return Outcome::broken;
  }
}

bool YamlDocuments::Composer::handle(const yaml_event_t& event, Tree& tree, Problem& problem) {
  switch (event.type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
      return true;
    case YAML_ALIAS_EVENT:
      return add_alias(event, tree, problem);
    case YAML_SCALAR_EVENT:
      return add_scalar(event, tree);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
      return open(event, tree, problem);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return close(event, tree, problem);
  }
  return true;
}

// The place of a node begins behind its anchor and tag.
std::size_t YamlDocuments::Composer::after_properties(std::size_t at) const {
  const std::string_view text = source_.text;
  for (;;) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
    if (at < text.size() && text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (at < text.size() && (text[at] == '&' || text[at] == '!')) {
      at = std::min(text.find_first_of(" \t\r\n,[]{}", at), text.size());
    } else {
      return at;
    }
  }
}

void YamlDocuments::Composer::set_place(TreeNode& node, const yaml_event_t& event) const {
  std::size_t begin = places_.byte_of(event.start_mark.index);
  const std::size_t end = places_.byte_of(event.end_mark.index);
  if (begin < end && (source_.text[begin] == '&' || source_.text[begin] == '!'))
    begin = std::min(after_properties(begin), end);
  const base::SourceSpan span = places_.span(begin, end);
  node.begin = span.begin;
  node.end = span.end;
}

std::size_t YamlDocuments::Composer::define(const yaml_char_t* name, NodeId id) {
  if (name == nullptr) return 0;
  anchors_.push_back({.node = id, .open = false, .weight = 1});
  anchor_names_.insert_or_assign(std::string(view(name)), anchors_.size() - 1);
  return anchors_.size();
}

void YamlDocuments::Composer::attach(Tree& tree, NodeId id) {
  total_ = saturating_sum(total_, 1);
  if (stack_.empty()) {
    tree.root = id;
    return;
  }
  Frame& frame = stack_.back();
  if (frame.last == 0) {
    tree[frame.node].child = id;
  } else {
    tree[frame.last].next = id;
  }
  frame.last = id;
  ++tree[frame.node].size;
  if (tree[frame.node].shape == Shape::mapping && tree[frame.node].size % 2 == 1 && is_merge_key(tree[id]))
    frame.merges = true;
}

bool YamlDocuments::Composer::add_scalar(const yaml_event_t& event, Tree& tree) {
  const auto& scalar = event.data.scalar;
  TreeNode node;
  node.tag = tag_of(scalar.tag);
  // The tag `!` alone makes libyaml, and so the API server, resolve even a quoted scalar as a plain one.
  const bool block = scalar.style == YAML_LITERAL_SCALAR_STYLE || scalar.style == YAML_FOLDED_SCALAR_STYLE;
  node.style = scalar.plain_implicit != 0 && scalar.tag == nullptr ? Style::plain
               : block                                             ? Style::block
                                                                   : Style::quoted;
  if (scalar.style == YAML_PLAIN_SCALAR_STYLE) node.style = Style::plain;
  const std::string_view value(reinterpret_cast<const char*>(scalar.value), scalar.length);
  node.text = tree.keep(value);
  node.size = static_cast<std::uint32_t>(value.size());
  set_place(node, event);
  const NodeId id = tree.add(node);
  note_impossible(tree, id);
  define(scalar.anchor, id);
  attach(tree, id);
  return true;
}

bool YamlDocuments::Composer::open(const yaml_event_t& event, Tree& tree, Problem& problem) {
  const bool mapping = event.type == YAML_MAPPING_START_EVENT;
  TreeNode node;
  node.shape = mapping ? Shape::mapping : Shape::sequence;
  const yaml_char_t* anchor = mapping ? event.data.mapping_start.anchor : event.data.sequence_start.anchor;
  set_place(node, event);
  if (stack_.size() >= limits_.depth) {
    problem = {{tree.file, node.begin, node.end},
               fmt::format("more than {} lists and maps inside each other", limits_.depth),
               {},
               {}};
    return false;
  }
  const NodeId id = tree.add(node);
  const std::size_t anchor_index = define(anchor, id);
  if (anchor_index != 0) anchors_[anchor_index - 1].open = true;
  const std::uint64_t before = total_;
  attach(tree, id);
  stack_.push_back({.node = id, .last = 0, .merges = false, .anchor = anchor_index, .total_before = before});
  return true;
}

bool YamlDocuments::Composer::close(const yaml_event_t& event, Tree& tree, Problem& problem) {
  const Frame frame = stack_.back();
  stack_.pop_back();
  TreeNode& node = tree[frame.node];
  const std::size_t end = places_.byte_of(event.end_mark.index);
  // A block collection ends where the next token begins; its last child knows better.
  const bool flow = event.end_mark.index != event.start_mark.index;
  node.end =
      flow ? places_.span(end, end).end : std::max(node.begin, frame.last == 0 ? node.begin : tree[frame.last].end);
  if (frame.anchor != 0) {
    anchors_[frame.anchor - 1].open = false;
    anchors_[frame.anchor - 1].weight = total_ - frame.total_before;
  }
  if (node.shape == Shape::sequence) return true;
  if (frame.merges && !carry_out_merges(tree, frame.node, problem)) return false;
  return check_keys(tree, frame.node, problem);
}

bool YamlDocuments::Composer::add_alias(const yaml_event_t& event, Tree& tree, Problem& problem) {
  TreeNode node;
  node.shape = Shape::alias;
  set_place(node, event);
  const base::SourceSpan span{tree.file, node.begin, node.end};
  const std::string_view name = view(event.data.alias.anchor);
  const auto found = anchor_names_.find(name);
  if (found == anchor_names_.end()) {
    problem = {
        span, fmt::format("`*{0}` stands for nothing: no `&{0}` comes before it", base::printable(name)), {}, {}};
    return false;
  }
  const Anchor& anchor = anchors_[found->second];
  if (anchor.open) {
    problem = {span,
               fmt::format("`*{0}` stands inside of what `&{0}` names, so the value would contain itself",
                           base::printable(name)),
               {},
               {}};
    problem.related.push_back({fmt::format("`&{}` begins here", base::printable(name)), tree.span(anchor.node)});
    return false;
  }
  aliased_ = saturating_sum(aliased_, anchor.weight);
  if (aliased_ > limits_.alias_nodes) {
    problem = {span,
               fmt::format("aliases repeat more than {} values in this document", limits_.alias_nodes),
               "such a document fills the memory of whoever reads it; write the values out",
               {}};
    return false;
  }
  node.child = anchor.node;
  attach(tree, tree.add(node));
  total_ = saturating_sum(total_, anchor.weight);
  return true;
}

Problem YamlDocuments::Composer::explain() const {
  const std::string_view problem =
      parser_.problem == nullptr ? std::string_view("unknown problem") : std::string_view(parser_.problem);
  if (parser_.error == YAML_READER_ERROR)
    return explain_yaml({problem, parser_.problem_offset, {}, 0}, source_, places_);
  ParserReport report{problem, places_.byte_of(parser_.problem_mark.index), {}, 0};
  if (parser_.context != nullptr) {
    report.context = parser_.context;
    report.context_at = places_.byte_of(parser_.context_mark.index);
  }
  return explain_yaml(report, source_, places_);
}

YamlDocuments::YamlDocuments(const Source& source, const Limits& limits)
    : composer_(std::make_unique<Composer>(source, limits)) {}
YamlDocuments::~YamlDocuments() = default;

YamlDocuments::Outcome YamlDocuments::next(Tree& tree, Problem& problem) {
  return composer_->next(tree, problem);
}

}  // namespace portcullis::manifest
