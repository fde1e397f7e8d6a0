#include <algorithm>
#include <map>
#include <string_view>

#include "backends/ebpf/loader/status.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::ebpf::loader {

namespace {

// What a line is about: its first words. A route is named by protocol and destination, a clean-up likewise.
std::string_view subject_of(std::string_view line) {
  std::size_t words = 2;
  if (line.starts_with("route ") || line.starts_with("forget ")) words = 3;
  if (line.starts_with("route ") && line.find(" scope ") != std::string_view::npos) words = 4;
  std::size_t end = 0;
  for (; words > 0 && end != std::string_view::npos; --words) end = line.find(' ', end == 0 ? 0 : end + 1);
  // A set is one line without a number of its own.
  if (line.starts_with("pods ") || line.starts_with("services ")) end = line.find(' ');
  return line.substr(0, end);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out = base::split(text, '\n');
  std::erase_if(out, [](std::string_view line) { return line.empty() || line.starts_with('#'); });
  return out;
}

}  // namespace

std::vector<Difference> differences(const std::string& wanted, const std::string& found) {
  std::map<std::string_view, std::string_view> live;
  for (const std::string_view line : lines_of(found)) live.emplace(subject_of(line), line);
  std::vector<Difference> out;
  for (const std::string_view line : lines_of(wanted)) {
    const auto there = live.find(subject_of(line));
    if (there == live.end()) {
      out.push_back({"missing", std::string(line), {}});
      continue;
    }
    if (there->second != line) out.push_back({"different", std::string(line), std::string(there->second)});
    live.erase(there);
  }
  for (const auto& [subject, line] : live) out.push_back({"unknown", {}, std::string(line)});
  return out;
}

}  // namespace portcullis::ebpf::loader
