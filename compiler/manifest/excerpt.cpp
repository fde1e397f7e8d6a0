#include "compiler/manifest/excerpt.hpp"

#include <algorithm>

#include "compiler/base/text.hpp"

namespace portcullis::manifest {

std::string excerpt(const TreeNode& node, std::string_view file_text) {
  constexpr std::size_t longest = 40;
  const std::size_t begin = std::min<std::size_t>(node.begin, file_text.size());
  const std::string_view text = file_text.substr(begin, node.end - node.begin);
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() <= longest && line.size() == text.size()) return base::printable(text);
  std::size_t cut = std::min(longest, line.size());
  while (cut > 0 && cut < line.size() && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U) --cut;
  return base::printable(line.substr(0, cut)) + "…";
}

}  // namespace portcullis::manifest
