#include "tests/golden/places.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace portcullis::golden {

namespace {

// `spec.ports[0].name`, `metadata.labels[example.com/a]`: keys and indexes. An index is a number in brackets.
std::vector<std::string> steps(std::string_view field) {
  std::vector<std::string> out;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) out.push_back(word);
    word.clear();
  };
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '.') {
      end_word();
    } else if (field[i] == '[') {
      end_word();
      const std::size_t close = field.find(']', i);
      out.emplace_back(field.substr(i, close - i + 1));  // with its brackets
      i = close;
    } else {
      word += field[i];
    }
  }
  end_word();
  return out;
}

// Nothing if it can't be read: our reader says so itself, without a field.
std::optional<YAML::Node> load(const std::string& document) {
  try {
    return YAML::Load(document);
  } catch (const YAML::Exception&) {
    return std::nullopt;
  }
}

// Where a value was found: the pair or item, all occurrences of a repeated key.
struct Found {
  std::optional<YAML::Node> key;
  YAML::Node value;
};

std::vector<Found> children(const YAML::Node& node, const std::string& step);

// The maps that the merge keys of a map name, which yaml-cpp does not carry out: the first one that has a key gives it.
std::vector<Found> merge_sources(const YAML::Node& map) {
  std::vector<Found> out;
  for (const auto& pair : map) {
    if (!pair.first.IsScalar() || pair.first.Scalar() != "<<") continue;
    if (pair.second.IsMap()) out.push_back({pair.first, pair.second});
    if (!pair.second.IsSequence()) continue;
    for (std::size_t i = 0; i < pair.second.size(); ++i) out.push_back({pair.first, pair.second[i]});
  }
  return out;
}

std::vector<Found> merged_children(const YAML::Node& map, const std::string& step) {
  for (const Found& source : merge_sources(map)) {
    std::vector<Found> out = children(source.value, step);
    if (out.empty()) continue;
    out.push_back({source.key, out.front().value});  // the `<<` is a key of it, too
    return out;
  }
  return {};
}

std::vector<Found> children(const YAML::Node& node, const std::string& step) {
  std::vector<Found> out;
  const bool bracketed = step.front() == '[';
  const std::string word = bracketed ? step.substr(1, step.size() - 2) : step;
  if (node.IsSequence()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
    if (bracketed && error == std::errc{} && end == word.data() + word.size() && index < node.size())
      out.push_back({std::nullopt, node[index]});
  } else if (node.IsMap()) {
    for (const auto& pair : node) {
      if (pair.first.IsScalar() && pair.first.Scalar() == word) out.push_back({pair.first, pair.second});
    }
    if (out.empty()) return merged_children(node, step);
  }
  return out;
}

class Collector {
 public:
  Collector(std::string_view text, std::uint32_t first_line) : text_(text), first_line_(first_line) {}

  void add(const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) return;
    const auto column = static_cast<std::uint32_t>(mark.column) + properties_at(mark);
    out.insert({first_line_ + static_cast<std::uint32_t>(mark.line) + 1, column + 1});
  }
  void add_with_children(const Found& found) {
    if (found.key) add(*found.key);
    add(found.value);
    if (found.value.IsSequence()) {
      for (const auto& item : found.value) add_first(item);
    } else if (found.value.IsMap()) {
      for (const auto& pair : found.value) {
        add(pair.first);
        add(pair.second);
      }
      for (const Found& source : merge_sources(found.value)) add_with_children(source);
    }
  }
  void add_all(const YAML::Node& node) {
    add(node);
    if (node.IsSequence()) {
      for (const auto& item : node) add_all(item);
    } else if (node.IsMap()) {
      for (const auto& pair : node) {
        add(pair.first);
        add_all(pair.second);
      }
    }
  }

  std::set<base::Position> out;

 private:
  // A list item that is a map is where its first key is.
  void add_first(const YAML::Node& item) {
    add(item);
    if (item.IsMap() && item.size() > 0) add(item.begin()->first);
  }

  // How many characters of anchor and tag stand before the value; yaml-cpp counts them in.
  [[nodiscard]] std::uint32_t properties_at(const YAML::Mark& mark) const {
    std::string_view rest = text_.substr(std::min(text_.size(), static_cast<std::size_t>(mark.pos)));
    const std::size_t all = rest.size();
    while (rest.starts_with('&') || rest.starts_with('!')) {
      rest.remove_prefix(std::min(rest.size(), rest.find_first_of(" \n")));
      rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
    }
    return static_cast<std::uint32_t>(all - rest.size());
  }

  std::string_view text_;
  std::uint32_t first_line_;
};

std::string text_at(const YAML::Node& map, const std::string& key) {
  if (!map.IsMap()) return {};
  for (const Found& found : children(map, key)) {
    if (found.value.IsScalar()) return found.value.Scalar();
  }
  return {};
}

std::optional<YAML::Node> metadata_of(const YAML::Node& object) {
  const std::vector<Found> found = children(object, "metadata");
  if (found.empty()) return std::nullopt;
  return found.front().value;
}

bool is(const YAML::Node& node, const base::ObjectRef& object) {
  if (!node.IsMap()) return false;
  const std::string kind = text_at(node, "kind");
  if (kind != object.kind && !kind.empty()) return false;
  const std::optional<YAML::Node> metadata = metadata_of(node);
  const std::string name = metadata ? text_at(*metadata, "name") : "";
  const std::string generated = metadata ? text_at(*metadata, "generateName") : "";
  if (name != object.name && generated != object.name) return false;
  std::string ns = metadata ? text_at(*metadata, "namespace") : "";
  if (ns.empty() && !object.ns.empty()) ns = "default";
  return object.ns.empty() || ns == object.ns;
}

void find_field(const YAML::Node& object, std::string_view field, Collector& places) {
  std::vector<Found> at{{std::nullopt, object}};
  for (const std::string& step : steps(field)) {
    std::vector<Found> next;
    for (const Found& parent : at) {
      for (Found& child : children(parent.value, step)) next.push_back(std::move(child));
    }
    if (next.empty()) {
      for (const Found& parent : at) places.add_with_children(parent);
      if (const auto metadata = metadata_of(object)) {
        for (const Found& name : children(*metadata, "name")) places.add(name.value);
      }
      return;
    }
    at = std::move(next);
  }
  for (const Found& found : at) {
    if (found.value.IsScalar() || found.value.IsNull()) {
      if (found.key) places.add(*found.key);
      places.add(found.value);
    } else {
      places.add_with_children(found);
    }
  }
}

}  // namespace

DocumentPlaces::DocumentPlaces(std::string_view text) {
  std::uint32_t line = 0;
  std::size_t begin = 0;
  std::uint32_t first_line = 0;
  const auto take = [&](std::size_t end) {
    std::string document(text.substr(begin, end - begin));
    if (const auto root = load(document)) documents_.push_back({*root, std::move(document), first_line});
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (text.substr(at, 3) == "---" && (at + 3 >= end || text[at + 3] == ' ')) {
      take(at);
      begin = at;
      first_line = line;
    }
    at = end + 1;
    ++line;
  }
  take(text.size());
}

std::set<base::Position> DocumentPlaces::of(const base::ObjectRef& object, std::string_view field) const {
  std::set<base::Position> out;
  const auto look = [&](const YAML::Node& node, const Document& document) {
    if (!is(node, object)) return;
    Collector places(document.text, document.first_line);
    if (field.empty()) {
      places.add_all(node);
    } else {
      find_field(node, field, places);
    }
    out.merge(places.out);
  };
  for (const Document& document : documents_) {
    look(document.root, document);
    if (!document.root.IsMap()) continue;
    for (const Found& items : children(document.root, "items")) {
      if (!items.value.IsSequence()) continue;
      for (const auto& item : items.value) look(item, document);
    }
  }
  return out;
}

}  // namespace portcullis::golden
