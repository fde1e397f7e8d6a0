#include "compiler/driver/request_sentence.hpp"

#include <random>

#include <catch2/catch.hpp>

#include "compiler/driver/packets_file.hpp"
#include "compiler/report/request.hpp"

namespace base = portcullis::base;
namespace driver = portcullis::driver;
namespace report = portcullis::report;
using driver::RequestAsked;
using driver::SentenceError;
using portcullis::ir::l7::Header;
using portcullis::ir::l7::Request;

namespace {

RequestAsked good(std::string_view sentence) {
  INFO(sentence);
  CHECK(driver::is_request_sentence(sentence));
  auto parsed = driver::parse_request_sentence(sentence);
  if (const auto* error = std::get_if<SentenceError>(&parsed)) FAIL(error->message);
  return std::get<RequestAsked>(parsed);
}

bool same(const Request& a, const Request& b) {
  return a.https == b.https && a.sni == b.sni && a.method == b.method && a.target == b.target &&
         a.version == b.version && a.headers == b.headers && a.source == b.source && a.body == b.body &&
         a.port == b.port;
}

// A request with parts drawn from what sentences and rows can say.
Request draw(std::mt19937& random) {
  const auto one_of = [&](const std::vector<std::string>& words) { return words[random() % words.size()]; };
  Request request;
  request.https = random() % 2 == 0;
  request.method = one_of({"GET", "POST", "M-SEARCH"});
  request.target = one_of({"/", "/cart?a=b", "//x/../y", "/%61"});
  request.headers.push_back({"Host", one_of({"shop.example.com", "Shop.example.com:8443"})});
  if (random() % 2 == 0) request.headers.push_back({"Cookie", one_of({"a=b", "a=b; c=d"})});
  if (random() % 2 == 0) request.source = portcullis::net::Address::parse(one_of({"192.0.2.7", "2001:db8::7"}));
  const bool ported = request.headers.front().value.ends_with("8443");
  request.port = ported ? 8443 : request.https ? 443 : 80;
  if (request.https) request.sni = ported ? "Shop.example.com" : "shop.example.com";
  if (request.https && random() % 3 == 0) request.sni = std::nullopt;
  return request;
}

}  // namespace

TEST_CASE("a sentence says what a request is") {
  const RequestAsked asked = good("GET https://shop.example.com/cart from 192.0.2.7");
  const Request& request = asked.question.request;
  CHECK(request.https);
  CHECK(request.sni == "shop.example.com");
  CHECK(request.method == "GET");
  CHECK(request.target == "/cart");
  CHECK(request.headers == std::vector<Header>{{"Host", "shop.example.com"}});
  CHECK(request.source == portcullis::net::Address::parse("192.0.2.7"));
  CHECK(request.port == 443);
  CHECK(asked.question.from_client);

  const Request plain = good("http://shop.example.com:8080").question.request;
  CHECK_FALSE(plain.https);
  CHECK(plain.method == "GET");
  CHECK(plain.target == "/");
  CHECK(plain.headers.front().value == "shop.example.com:8080");
  CHECK(plain.port == 8080);
  CHECK_FALSE(plain.sni);
  CHECK_FALSE(plain.source);

  CHECK(good("http://a.test?b").question.request.target == "/?b");
  CHECK_FALSE(good("https://192.0.2.1/").question.request.sni);
  CHECK_FALSE(good("https://[2001:db8::1]:443/").question.request.sni);
  CHECK_FALSE(good("https://a.test/ sni -").question.request.sni);
  CHECK(good("https://a.test/ sni b.test").question.request.sni == "b.test");
  CHECK(good("https://a.test/ target http://b.test/c").question.request.target == "http://b.test/c");
  CHECK(good("https://a.test/ class nginx").klass == "nginx");
  CHECK(good("https://a.test/ ingress shop/web").ingress == "shop/web");
  CHECK(good(R"(http://a.test/ with Cookie="a=b; c=d" with X=)").question.request.headers ==
        std::vector<Header>{{"Host", "a.test"}, {"Cookie", "a=b; c=d"}, {"X", ""}});
  CHECK(good("http://a.test/ with host=b.test with Host=c.test").question.request.headers ==
        std::vector<Header>{{"Host", "b.test"}, {"Host", "c.test"}});
}

TEST_CASE("a request's sentence that makes no sense is pointed at") {
  struct Row {
    std::string_view sentence, part, message;
  };
  const Row rows[] = {
      {"GET ftp://a.test/", "ftp://a.test/", "`ftp://a.test/` is no URL: it begins with http:// or https://"},
      {"GET http:///x", "http:///x", "the URL has no host"},
      {"GET http://a.test:0/", "http://a.test:0/", "`a.test:0`: its port is no number from 1 to 65535"},
      {"GET http://u@a.test/", "http://u@a.test/", "a URL with a user is not asked for: it is no Host"},
      {"G(T http://a.test/", "G(T", "`G(T` is no method"},
      {"http://a.test/ from b.test", "b.test", "`b.test` is no IP address"},
      {"http://a.test/ frm b.test", "frm", "`frm` has no place after the URL"},
      {"http://a.test/ with X", "X", "`X` is no header"},
      {"http://a.test/ sni b.test", "b.test", "a server name is sent with https only"},
      {"http://a.test/ from", "", "the sentence ends where the client's address should be"},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    const auto parsed = driver::parse_request_sentence(row.sentence);
    REQUIRE(std::holds_alternative<SentenceError>(parsed));
    const auto& error = std::get<SentenceError>(parsed);
    CHECK(error.message == row.message);
    CHECK(row.sentence.substr(error.begin, error.end - error.begin) == row.part);
  }
  CHECK_FALSE(driver::is_request_sentence("tcp from 192.0.2.7 to 10.96.0.20:80"));
  CHECK_FALSE(driver::is_request_sentence(""));
}

TEST_CASE("a request that is printed is read back, as a sentence and as a row") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    const Request request = draw(random);
    const std::string line = report::request_line(request);
    INFO(line);
    CHECK(same(good(line).question.request, request));
    const std::string row = report::dump(report::request_value(request), -1);
    INFO(row);
    base::SourceMap sources;
    base::Diagnostics diagnostics;
    const driver::PacketsFile file = driver::read_packets_text("rows", "[" + row + "]", sources, diagnostics);
    REQUIRE(file.packets.size() == 1);
    REQUIRE(std::holds_alternative<RequestAsked>(file.packets.front()));
    CHECK(same(std::get<RequestAsked>(file.packets.front()).question.request, request));
  }
}

TEST_CASE("rows of requests: what they say, and what is wrong with them") {
  const auto read = [](const std::string& row) {
    base::SourceMap sources;
    base::Diagnostics diagnostics;
    driver::PacketsFile file = driver::read_packets_text("rows", "- " + row + "\n", sources, diagnostics);
    REQUIRE(file.packets.size() == 1);
    return std::move(file.packets.front());
  };
  const auto request = [&](const std::string& row) {
    INFO(row);
    return std::get<RequestAsked>(read(row)).question.request;
  };
  CHECK(request("{url: http://a.test/, headers: {Host: null}}").headers.empty());
  CHECK(request("{url: http://a.test/, headers: {host: [b.test, c.test]}}").headers ==
        std::vector<Header>{{"host", "b.test"}, {"host", "c.test"}});
  CHECK(request("{url: http://a.test/, version: 1.0}").version == "1.0");
  CHECK(request("{url: http://a.test/, body: 7, method: POST}").body == 7);
  CHECK(request("{url: http://a.test/, authorised: true}").authorised);
  CHECK_FALSE(request("{url: https://a.test/, sni: null}").sni);
  CHECK_FALSE(std::get<RequestAsked>(read("{url: http://a.test/, src: 192.0.2.7}")).question.from_client);

  const auto error = [&](const std::string& row) {
    INFO(row);
    return std::get<driver::BadPacket>(read(row)).error;
  };
  CHECK(error("{url: a.test}") == "`url`: `a.test` is no URL: it begins with http:// or https://");
  CHECK(error("{url: http://a.test/, sni: b}") == "`sni` is sent with https only");
  CHECK(error("{url: http://a.test/, src: b}") == "`src`: `b` is no IP address");
  CHECK(error("{url: http://a.test/, headers: {X: {a: b}}}") == "header X is a text");
  CHECK(error("{url: http://a.test/, headers: []}") == "`headers` is a map of texts and lists");
  CHECK(error("{url: http://a.test/, body: -1}") == "`body` is a number of bytes");
  CHECK(error("{url: http://a.test/, methd: GET}") == "Request has no field `methd`; did you mean `method`?");
}
