#include "compiler/report/locator.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace base = portcullis::base;
using portcullis::report::Locator;

TEST_CASE("the locator and the source map agree at every byte") {
  std::string long_line(9000, 'x');
  long_line.insert(4095, "名");  // across a mark
  const std::string texts[] = {
      "", "a", "\n", "a\nb", "a\n\n名b\r\n\xff", long_line, long_line + "\n" + long_line + "\ny\n"};
  base::SourceMap sources;
  for (const std::string& text : texts) {
    const base::FileId file = sources.add("f", text);
    Locator locator(sources);
    for (std::uint32_t byte = 0; byte <= text.size() + 2; byte += text.size() > 100 ? 13 : 1) {
      INFO(text.size() << ' ' << byte);
      CHECK(locator.position(file, byte) == sources.position(file, byte));
    }
  }
}
