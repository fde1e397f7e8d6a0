// From tree values to typed fields, as Go's strict JSON decoder does it: case-sensitive names, no coercion, null leaves
// a field alone. Knows where in the object it stands, so that a finding has the API's field path, and through which
// aliases it came.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/manifest/objects.hpp"
#include "compiler/manifest/scalar.hpp"
#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

// What becomes of a key that a type does not have. Pod templates hold much that portcullis has no business with: a
// warning.
enum class Unknown : std::uint8_t { error, warning, ignored };

// A key and its value, or an element of a list (key 0).
struct Pair {
  NodeId key = 0;
  NodeId value = 0;
};

class Decoder {
 public:
  // `kind` and `object` are for findings; `file_text` is the text that the tree's spans point into. All must outlive
  // the decoder.
  Decoder(const Tree& tree, std::string_view file_text, base::ObjectRef object, base::Diagnostics& diagnostics)
      : tree_(tree), file_text_(file_text), object_(std::move(object)), diagnostics_(diagnostics) {}

  // Whether something was refused (an error, not a warning).
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] const Tree& tree() const { return tree_; }
  [[nodiscard]] const base::ObjectRef& object() const { return object_; }

  // ---- values. Nothing for null, and for another type, which is reported.
  // A scalar of another type is reported and read as it is written.
  [[nodiscard]] Field<std::string> text(const Pair& pair);
  // A scalar of another type is a finding; the object is read on as if it were quoted, so that more can be said of it.
  [[nodiscard]] Field<std::string> name(const Pair& pair);
  [[nodiscard]] Field<std::string> any_text(const Pair& pair);  // every scalar, as written
  [[nodiscard]] Field<std::string> time(const Pair& pair);      // RFC 3339
  [[nodiscard]] Field<bool> flag(const Pair& pair);
  [[nodiscard]] Field<std::int64_t> integer(const Pair& pair, std::int64_t low, std::int64_t high);
  [[nodiscard]] Field<IntOrString> int_or_string(const Pair& pair);
  // A null element is the empty string, as in Go.
  [[nodiscard]] std::vector<Text> texts(const Pair& pair);
  // A null value is the empty string, as in Go. `any_scalar`: values of other scalar types are taken as written.
  [[nodiscard]] StringMap string_map(const Pair& pair, bool any_scalar = false);

  // ---- shapes. False for null, and for another shape, which is reported.
  [[nodiscard]] bool is_mapping(const Pair& pair);
  [[nodiscard]] bool is_sequence(const Pair& pair);
  [[nodiscard]] bool is_null(const Pair& pair) const;

  // ---- walking. `visit(Pair, std::string_view name)` for each pair of a mapping that holds; the path includes the key
  // meanwhile.
  template <class Visit>
  void each_pair(const Pair& mapping, const Visit& visit) {
    for (NodeId key = tree_.target(mapping.value).child; key != 0; key = tree_[tree_[key].next].next) {
      if (tree_[key].shadowed) continue;
      const Pair pair{key, tree_[key].next};
      const Step step(*this, pair);
      visit(pair, steps_.back().name());
    }
  }
  // `visit(Pair)` for each element of a sequence.
  template <class Visit>
  void each_item(const Pair& sequence, const Visit& visit) {
    std::size_t index = 0;
    for (NodeId item = tree_.target(sequence.value).child; item != 0; item = tree_[item].next) {
      const Pair pair{0, item};
      const Step step(*this, pair, index++);
      visit(pair);
    }
  }

  // Where a person looks for a value: its key; the first key of a list element.
  [[nodiscard]] base::SourceSpan place(const Pair& pair) const;
  [[nodiscard]] base::SourceSpan span(NodeId id) const { return tree_.span(tree_.target(id)); }

  // ---- findings
  // The innermost key is none of `known`.
  void unknown_field(const Pair& pair, std::span<const std::string_view> known, Unknown policy);
  // `wanted` completes `must be …`: `a list`, `a string`.
  void wrong_type(const Pair& pair, std::string_view wanted);
  base::Diagnostic& report(std::string_view code, std::string message, base::SourceSpan span);
  // `spec.ports[0].name`
  [[nodiscard]] std::string path() const;

 private:
  struct Place {
    std::string_view key;  // of a list element: empty
    std::string own;       // holds the key where it is not as written
    std::size_t index = 0;
    NodeId use = 0;  // the alias or merge through which the value came
    bool element = false;
    bool map_key = false;  // free keys (`labels`) are written in brackets
    [[nodiscard]] std::string_view name() const { return own.empty() ? key : std::string_view(own); }
  };
  // One step down the path, for the time of its life.
  class Step {
   public:
    Step(Decoder& decoder, const Pair& pair);
    Step(Decoder& decoder, const Pair& pair, std::size_t index);
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { decoder_.steps_.pop_back(); }

   private:
    Decoder& decoder_;
  };

  [[nodiscard]] std::optional<Scalar> scalar(const Pair& pair, std::string_view wanted);
  [[nodiscard]] Field<std::int64_t> number(const Pair& pair, const Scalar& scalar, std::int64_t low, std::int64_t high);
  [[nodiscard]] std::string innermost() const;

  const Tree& tree_;
  std::string_view file_text_;
  base::ObjectRef object_;
  base::Diagnostics& diagnostics_;
  std::vector<Place> steps_;
  bool broken_ = false;
};

}  // namespace portcullis::manifest
