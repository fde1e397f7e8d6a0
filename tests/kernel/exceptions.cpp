#include "tests/kernel/exceptions.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "tests/kernel/failure.hpp"

namespace portcullis::kernel {

std::vector<Exception> read_exceptions(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Failure("can't read " + path);
  std::vector<Exception> result;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    Exception exception{.case_id = {}, .backend = {}, .reason = {}, .line = number};
    std::istringstream words(line);
    std::string dialect;
    words >> exception.case_id >> exception.row >> exception.backend >> dialect >> std::ws;
    std::getline(words, exception.reason);
    const auto known = std::ranges::find(cases::all_dialects, dialect, cases::name);
    if (!words || exception.row == 0 || known == cases::all_dialects.end())
      throw Failure(fmt::format("{}:{}: not `case row backend dialect reason`", path, number));
    exception.dialect = *known;
    result.push_back(std::move(exception));
  }
  return result;
}

}  // namespace portcullis::kernel
