// API field paths (`spec.ports[0].name`), put together only when a finding needs the text: a slice with a thousand good
// endpoints builds none.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "compiler/base/error.hpp"

namespace portcullis::cluster {

// A value: copying is cheap, and nothing points at a parent. The names must outlive it (they are literals, or text of
// the object).
class Path {
 public:
  explicit Path(std::string_view root) { push({root, none, {}}); }
  Path(const Path& other) : size_(other.size_) { std::copy_n(other.steps_.begin(), size_, steps_.begin()); }
  Path& operator=(const Path& other) {
    size_ = other.size_;
    std::copy_n(other.steps_.begin(), size_, steps_.begin());
    return *this;
  }
  ~Path() = default;

  [[nodiscard]] Path child(std::string_view name) const {
    Path path = *this;
    path.push({name, none, {}});
    return path;
  }
  // `ports[0]`
  [[nodiscard]] Path index(std::size_t i) const {
    Path path = *this;
    path.steps_[path.size_ - 1].index = i;
    return path;
  }
  // `annotations[some/key]`
  [[nodiscard]] Path key(std::string_view key) const {
    Path path = *this;
    path.steps_[path.size_ - 1].key = key;
    return path;
  }
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  struct Step {
    std::string_view name;
    std::size_t index;
    std::string_view key;
  };
  // The deepest path (an Ingress backend's port) has eight steps.
  static constexpr std::size_t depth = 12;

  void push(Step step) {
    if (size_ == depth) throw base::InternalError("field path is too deep: " + text());
    steps_[size_++] = step;
  }

  std::array<Step, depth> steps_;  // only the first `size_` are set: copies of short paths are short
  std::size_t size_ = 0;
};

}  // namespace portcullis::cluster
