// The files of an HAProxy: read or refused; what is read prints the same files, and is a router that serves.
//
// One input holds several files, each behind a line `==> name`.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "backends/haproxy/haproxy.hpp"
#include "compiler/ir/l7/serve.hpp"
#include "tests/fuzz/reading.hpp"

namespace {

using namespace portcullis;

haproxy::Files split(std::string_view text) {
  constexpr std::string_view mark = "==> ";
  haproxy::Files files;
  std::string* file = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (line.starts_with(mark)) {
      file = &files[std::string(line.substr(mark.size(), line.size() - mark.size() - (line.ends_with('\n') ? 1 : 0)))];
    } else if (file != nullptr) {
      *file += line;
    }
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const haproxy::Files files = split({reinterpret_cast<const char*>(data), size});
  const auto read = haproxy::read_configuration(files);
  if (const auto* error = std::get_if<haproxy::ReadError>(&read)) {
    fuzz::hold(!error->message.empty(), "a refusal without a reason");
    return 0;
  }
  const auto& configuration = std::get<haproxy::Configuration>(read);
  for (const auto& [name, text] : print(configuration)) {
    const auto found = files.find(name);
    fuzz::hold(found != files.end() && found->second == text, "what was read is printed otherwise");
  }
  const ir::l7::Router router = lift(configuration);
  const ir::l7::Server server(router);
  ir::l7::Request request;
  request.headers = {{"Host", "shop.example.com"}};
  request.source = net::Address::parse("192.0.2.1");
  for (const char* target : {"/", "/cart", "/A%2fb", "*"}) {
    request.target = target;
    (void)server.serve(request);
  }
  return 0;
}
