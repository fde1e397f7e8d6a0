#include "tests/golden/packet_row.hpp"

#include <fstream>
#include <stdexcept>

#include "compiler/base/text.hpp"
#include "compiler/driver/packet_sentence.hpp"

namespace portcullis::golden {

std::vector<PacketRow> read_packets(const std::filesystem::path& path) {
  std::vector<PacketRow> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t arrow = line.find("=>");
    if (arrow == std::string::npos) throw std::runtime_error(path.string() + ": no `=>` in " + line);
    const std::string sentence = line.substr(0, arrow);
    const auto parsed = driver::parse_packet_sentence(sentence);
    if (const auto* error = std::get_if<driver::SentenceError>(&parsed)) {
      throw std::runtime_error(path.string() + ":\n" + driver::show(*error, sentence, false));
    }
    rows.push_back({line, std::get<driver::PacketRequest>(parsed), std::string(base::trim(line.substr(arrow + 2)))});
  }
  return rows;
}

}  // namespace portcullis::golden
