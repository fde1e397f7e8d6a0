// Reference 3.2 and 3.4, a row a cell; what nginx 1.22 and HAProxy 2.6 answered stands where the tables leave it open.
#include "compiler/ir/l7/forms.hpp"

#include <catch2/catch.hpp>

namespace portcullis::ir::l7 {

namespace {

// The path, or `400`.
std::string path(std::string_view target, PathForm form) {
  const auto result = matched_path(target, form);
  if (const int* status = std::get_if<int>(&result)) return std::to_string(*status);
  return std::get<std::string>(result);
}

// The name, `400`, or `-` for no Host.
std::string name(const Request& request, HostForm form) {
  const auto result = host_name(request, form);
  if (const int* status = std::get_if<int>(&result)) return std::to_string(*status);
  const Name& found = std::get<Name>(result);
  return found.present ? found.text : "-";
}

Request with_hosts(const std::vector<std::string>& hosts, const std::string& version = "1.1",
                   const std::string& target = "/") {
  Request request;
  request.version = version;
  request.target = target;
  for (const std::string& host : hosts) request.headers.push_back({"hOsT", host});
  return request;
}

}  // namespace

TEST_CASE("the path that routes look at") {
  struct Row {
    std::string target, as_sent, nginx, traefik;
  };
  const Row row = GENERATE(values<Row>({
      {"/", "/", "/", "/"},
      {"/a/b", "/a/b", "/a/b", "/a/b"},
      {"/a?x=/b", "/a", "/a", "/a"},
      {"/a?", "/a", "/a", "/a"},
      {"/%61dmin", "/%61dmin", "/admin", "/admin"},
      {"/a%2Fb", "/a%2Fb", "/a/b", "/a%2Fb"},
      {"/a%2fb", "/a%2fb", "/a/b", "/a%2Fb"},
      {"/%2F%2f/", "/%2F%2f/", "/", "/%2F%2F/"},
      {"//a//b//", "//a//b//", "/a/b/", "/a/b/"},
      {"/./a/./b", "/./a/./b", "/a/b", "/a/b"},
      {"/a/.", "/a/.", "/a/", "/a"},
      {"/x/../admin", "/x/../admin", "/admin", "/admin"},
      {"/x/..%2fadmin", "/x/..%2fadmin", "/admin", "/x/..%2Fadmin"},
      {"/a/%2e%2E/b", "/a/%2e%2E/b", "/b", "/b"},
      {"/admin/..", "/admin/..", "/", "/"},
      {"/a/b/..", "/a/b/..", "/a/", "/a"},
      {"/..", "/..", "400", "/"},
      {"/../a", "/../a", "400", "/a"},
      {"/a/../..", "/a/../..", "400", "/"},
      {"/a/...", "/a/...", "/a/...", "/a/..."},
      {"/Admin", "/Admin", "/Admin", "/Admin"},
      {"/admin;x", "/admin;x", "/admin;x", "/admin;x"},
      {"/x/..;/admin", "/x/..;/admin", "/x/..;/admin", "/x/..;/admin"},
      {"/%2561dmin", "/%2561dmin", "/%61dmin", "/%2561dmin"},
      {"/a%3fb?c", "/a%3fb", "/a?b", "/a%3Fb"},
      {"/%23", "/%23", "/#", "/%23"},
      {"/a%20b", "/a%20b", "/a b", "/a b"},
      {"/a%00", "/a%00", "400", "400"},
      {"/a%zz", "/a%zz", "400", "400"},
      {"/a%2", "/a%2", "400", "400"},
      {"/a?%zz", "/a", "/a", "/a"},
      {"/a#b", "400", "/a", "/a"},
      {"/a?x#b", "400", "/a", "/a"},
      {"/a\x01", "400", "400", "400"},
      {"/a b", "400", "400", "400"},
      {"/\xc3\xa9", "400", "/\xc3\xa9", "/\xc3\xa9"},
      {"http://h/p?q", "/p", "/p", "/p"},
      {"http://h", "", "/", "/"},
      {"http://h?x", "400", "/", "/"},
      {"*", "", "400", ""},
      {"h:443", "", "400", "400"},
      {"foo", "", "400", "400"},
  }));
  CAPTURE(row.target);
  CHECK(path(row.target, PathForm::as_sent) == row.as_sent);
  CHECK(path(row.target, PathForm::nginx) == row.nginx);
  CHECK(path(row.target, PathForm::traefik) == row.traefik);
}

TEST_CASE("the name that routes look at") {
  struct Row {
    std::string what;
    std::vector<std::string> hosts;
    std::string version, target;
    std::string plain, nginx, haproxy, traefik;
  };
  const Row row = GENERATE(values<Row>({
      {"H1",
       {"Shop.Example.COM"},
       "1.1",
       "/",
       "shop.example.com",
       "shop.example.com",
       "shop.example.com",
       "shop.example.com"},
      {"H2", {"shop:8080"}, "1.1", "/", "shop", "shop", "shop", "shop"},
      {"H2", {"shop:abc"}, "1.1", "/", "shop", "shop", "shop", "shop"},
      {"H2", {"a:b:c"}, "1.1", "/", "a:b", "a", "a", "a:b:c"},
      {"H2", {":80"}, "1.1", "/", "", "400", "", ""},
      {"H3",
       {"shop.example.com."},
       "1.1",
       "/",
       "shop.example.com.",
       "shop.example.com",
       "shop.example.com.",
       "shop.example.com"},
      {"H3", {"shop.:80"}, "1.1", "/", "shop.", "shop", "shop.", "shop"},
      {"H3", {"shop.."}, "1.1", "/", "shop..", "400", "shop..", "shop."},
      {"H3", {"."}, "1.1", "/", ".", "400", ".", ""},
      {"H4", {"[::1]:80"}, "1.1", "/", "[::1]", "[::1]", "[", "::1"},
      {"H4", {"[::1]"}, "1.1", "/", "[::1]", "[::1]", "[", "::1"},
      {"H5", {}, "1.1", "/", "", "400", "-", "400"},
      {"H6", {}, "1.0", "/", "", "", "-", ""},
      {"H7", {""}, "1.1", "/", "", "400", "", ""},
      {"H8", {"a", "b"}, "1.1", "/", "400", "400", "400", "400"},
      {"H8", {"a", "A"}, "1.1", "/", "a", "400", "a", "400"},
      {"H9", {"a/b"}, "1.1", "/", "a/b", "400", "a/b", "400"},
      {"blank", {"a b"}, "1.1", "/", "a b", "400", "a b", "400"},
      {"underscore", {"a_b.c"}, "1.1", "/", "a_b.c", "a_b.c", "a_b.c", "a_b.c"},
      {"the target wins", {"h"}, "1.1", "http://G/p", "g", "g", "400", "g"},
      {"the target wins", {"h"}, "1.1", "http://g:81/p", "g", "g", "400", "g"},
      {"they agree", {"h"}, "1.1", "http://H/p", "h", "h", "h", "h"},
      {"they agree", {"h"}, "1.1", "http://h:80/p", "h", "h", "h", "h"},
      {"they agree", {"h:80"}, "1.1", "http://h/p", "h", "h", "h", "h"},
      {"ports differ", {"h"}, "1.1", "https://h:80/p", "h", "h", "400", "h"},
      {"a header is needed", {}, "1.1", "http://g/p", "g", "400", "-", "400"},
      {"no header is needed", {}, "1.0", "http://g/p", "g", "g", "-", "g"},
      {"a broken header", {"a/b"}, "1.1", "http://g/p", "g", "400", "400", "400"},
      {"authority that nginx does not read", {"a_b"}, "1.1", "http://a_b/p", "a_b", "400", "a_b", "a_b"},
      {"user", {"h"}, "1.1", "http://u@h/p", "h", "400", "h", "h"},
  }));
  CAPTURE(row.what, row.hosts, row.version, row.target);
  const Request request = with_hosts(row.hosts, row.version, row.target);
  CHECK(name(request, HostForm::plain) == row.plain);
  CHECK(name(request, HostForm::nginx) == row.nginx);
  CHECK(name(request, HostForm::haproxy) == row.haproxy);
  CHECK(name(request, HostForm::traefik) == row.traefik);
}

TEST_CASE("what a host pattern matches") {
  using Kind = HostPattern::Kind;
  struct Row {
    Kind kind;
    std::string text, name;
    bool plain, nginx, haproxy;
  };
  const Row row = GENERATE(values<Row>({
      {Kind::exact, "a.d", "a.d", true, true, true},
      {Kind::exact, "a.d", "b.a.d", false, false, false},
      {Kind::one_label, "d", "a.d", true, true, true},  // M2
      {Kind::one_label, "d", "d", false, false, false},
      {Kind::one_label, "d", "a.b.d", false, false, false},
      {Kind::one_label, "d", "a_b-1.d", true, true, true},  // M7
      {Kind::one_label, "d", "a!.d", true, false, true},
      {Kind::one_label, "d", ".d", false, false, true},
      {Kind::many_labels, "d", "a.d", true, true, true},
      {Kind::many_labels, "d", "a.b.d", true, true, true},
      {Kind::many_labels, "d", "d", false, false, false},
      {Kind::many_labels, "d", ".d", false, false, false},
      {Kind::many_labels, "d", "ad", false, false, false},
      {Kind::regex, "^SHOP[0-9]+\\.", "shop7.d", true, true, true},
      {Kind::regex, "^shop[0-9]+\\.", "a.shop7.d", false, false, false},
      {Kind::any, "", "a.d", true, true, true},
      {Kind::any, "", "", true, true, true},  // M6
      {Kind::regex, ".*", "", false, false, false},
      {Kind::one_label, "", "a.", true, true, true},
  }));
  const HostPattern pattern{row.kind, row.text};
  CAPTURE(pattern.print(), row.name);
  CHECK(matches(pattern, row.name, HostForm::plain) == row.plain);
  CHECK(matches(pattern, row.name, HostForm::traefik) == row.plain);
  CHECK(matches(pattern, row.name, HostForm::nginx) == row.nginx);
  CHECK(matches(pattern, row.name, HostForm::haproxy) == row.haproxy);
}

TEST_CASE("the target as it is sent on") {
  CHECK(target_as_sent("/a/../b?x") == "/a/../b?x");
  CHECK(target_as_sent("http://h/p?q") == "/p?q");
  CHECK(target_as_sent("http://h?q") == "/?q");
  CHECK(target_as_sent("http://h") == "/");
  CHECK(target_as_sent("*") == "*");
}

TEST_CASE("the Host that redirects repeat") {
  struct Row {
    std::string host, without_port;
  };
  const Row row =
      GENERATE(values<Row>({{"Shop.d:8080", "Shop.d"}, {"[::1]:80", "[::1]"}, {"[::1]", "[::1]"}, {"", ""}}));
  CHECK(host_as_sent(with_hosts({row.host})) == row.host);
  CHECK(host_without_port(with_hosts({row.host})) == row.without_port);
}

TEST_CASE("a target is encoded as the value of a query") {
  CHECK(escape_value("/a?b=c&d") == "%2Fa%3Fb%3Dc%26d");
  CHECK(escape_value("aZ09-_.!~*'()+ \xff") == "aZ09-_.!~*'()%2B%20%FF");
}

TEST_CASE("a path is encoded as nginx encodes it") {
  CHECK(escape_path("/a/b;c=d&e+f,g@h:i!j$k(l)*'~-._") == "/a/b;c=d&e+f,g@h:i!j$k(l)*'~-._");
  CHECK(escape_path(" \"#%<>?\\^`{|}\n\x7f\x80\xff") == "%20%22%23%25%3C%3E%3F%5C%5E%60%7B%7C%7D%0A%7F%80%FF");
}

}  // namespace portcullis::ir::l7
