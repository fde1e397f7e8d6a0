// Cuts a YAML stream at the lines that begin a document, so that documents can be parsed apart: a broken one does not
// take the next with it, and several threads can share a large file.
//
// A line that begins with `---` and a blank or nothing else begins a document wherever it stands: the content of a
// block scalar is always indented, and in quotes or brackets such a line is an error. Only directives (`%TAG`) reach
// into the text behind such a line: a stream that has any is one piece.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace portcullis::manifest {

struct Piece {
  std::size_t begin = 0, end = 0;
};
// In order, without gaps. An empty text has no pieces.
[[nodiscard]] std::vector<Piece> split_documents(std::string_view text);
// The same whatever directives there are: for what follows a document that lost the parser its place.
[[nodiscard]] std::vector<Piece> split_at_markers(std::string_view text);

}  // namespace portcullis::manifest
