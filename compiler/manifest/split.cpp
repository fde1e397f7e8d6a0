#include "compiler/manifest/split.hpp"

namespace portcullis::manifest {

namespace {

// `at` is the beginning of a line.
bool begins_document(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "---") return false;
  return at + 3 == text.size() || std::string_view(" \t\r\n").find(text[at + 3]) != std::string_view::npos;
}

bool has_directive(std::string_view text) {
  return text.starts_with('%') || text.find("\n%") != std::string_view::npos;
}

}  // namespace

std::vector<Piece> split_documents(std::string_view text) {
  if (has_directive(text)) return {{0, text.size()}};
  return split_at_markers(text);
}

std::vector<Piece> split_at_markers(std::string_view text) {
  std::vector<Piece> pieces;
  if (text.empty()) return pieces;
  std::size_t begin = 0;
  for (std::size_t at = text.find("\n---"); at != std::string_view::npos; at = text.find("\n---", at + 1)) {
    if (!begins_document(text, at + 1)) continue;
    pieces.push_back({begin, at + 1});
    begin = at + 1;
  }
  pieces.push_back({begin, text.size()});
  return pieces;
}

}  // namespace portcullis::manifest
