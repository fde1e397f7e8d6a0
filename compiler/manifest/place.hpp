// Where the characters of a text that is being parsed stand in the file: libyaml counts characters, a SourceSpan counts
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

// A stretch of a file, or the value of a scalar of that file that holds a document of its own (a ConfigMap's
// `config.conf`).
struct Source {
  base::FileId file = 0;
  std::string_view text;
  std::uint32_t base = 0;  // byte of the file at which `text` begins, when `lines` is empty
  // For the value of a block scalar: where each line of `text` begins in the file. The value of any other scalar has no
  // such places: `whole` is then the place of everything in it.
  std::vector<std::uint32_t> lines;
  base::SourceSpan whole;
};

// A document inside a scalar.
[[nodiscard]] Source nested_source(const Tree& tree, const TreeNode& scalar, std::string_view file_text);

class Places {
 public:
  explicit Places(const Source& source);
  // Byte offset in the text of its `index`-th character.
  [[nodiscard]] std::size_t byte_of(std::size_t index) const;
  // Byte offset in the file of a byte offset in the text.
  [[nodiscard]] std::uint32_t in_file(std::size_t byte) const;
  [[nodiscard]] base::SourceSpan span(std::size_t begin, std::size_t end) const;

 private:
  const Source& source_;
  bool ascii_ = true;
  std::vector<std::size_t> marks_;        // byte offset of every 64th character
  std::vector<std::size_t> line_starts_;  // of the text, for a nested source
};

}  // namespace portcullis::manifest
