// The text form of routers: read or refused, what is read prints and reads back the same, places too, and serves
// requests.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/ir/l7/serve.hpp"
#include "compiler/ir/l7/text.hpp"
#include "tests/fuzz/reading.hpp"

namespace {

using namespace portcullis;

std::string printed(const std::string& text) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto routers = ir::l7::read(sources.add("again.ir", text), sources, diagnostics);
  fuzz::hold(routers.has_value(), "what was printed cannot be read");
  return ir::l7::print(*routers, ir::l7::places_in(sources));
}

// What a router refers to is there: else `serve` finds a mistake of ours.
void serve(const ir::l7::Router& router) {
  const ir::l7::Server server(router);
  for (const char* host : {"shop.d", "a.shop.d", ""}) {
    for (const char* target : {"/", "/cart/x?q", "*"}) {
      ir::l7::Request request;
      request.target = target;
      request.headers = {{"Host", host}, {"X", "v"}};
      (void)server.serve(request);
      request.https = true;
      request.sni = host;
      (void)server.serve(request);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto routers = fuzz::read(&ir::l7::read, "fuzz.ir", text);
  if (!routers) return 0;
  const std::string again = printed(text);
  fuzz::hold(printed(again) == again, "what was printed is printed otherwise when read back");
  for (const ir::l7::Router& router : *routers) serve(router);
  return 0;
}
