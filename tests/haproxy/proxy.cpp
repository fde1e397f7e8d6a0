#include "tests/haproxy/proxy.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "compiler/base/text.hpp"
#include "tests/haproxy/tls.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/process.hpp"
#include "tests/kernel/socket_address.hpp"
#include "tests/request_cases/certificates.hpp"

namespace portcullis::proxied {

namespace {

// Long enough for a busy machine; nothing waits for it to pass.
constexpr int patience_seconds = 20;

std::string why_not() {
  for (const char* program : {"haproxy", "ip"})
    if (!kernel::has_program(program)) return fmt::format("there is no program `{}`", program);
  try {
    (void)everywhere();
    return {};
  } catch (const kernel::Failure& failure) {
    return failure.what();
  }
}

std::vector<std::string> environment(const std::string& folder) {
  return {"PORTCULLIS_RUN=" + folder + "/run", "PORTCULLIS_CERTIFICATES=" + folder + "/certificates",
          "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
}

pid_t start(const std::vector<std::string>& words, const std::vector<std::string>& variables) {
  std::vector<char*> arguments, environment;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& one : variables) environment.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  environment.push_back(nullptr);
  pid_t pid = -1;
  if (::posix_spawnp(&pid, arguments[0], nullptr, nullptr, arguments.data(), environment.data()) != 0)
    kernel::fail_with_errno("start " + words.front());
  return pid;
}

kernel::Fd connected(const net::Address& source, const net::Address& to, std::uint16_t port) {
  const int family = to.family() == net::Family::ipv4 ? AF_INET : AF_INET6;
  kernel::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(fd.get(), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, family == AF_INET ? IP_FREEBIND : IPV6_FREEBIND,
               &yes, sizeof yes);
  const timeval patience{patience_seconds, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const kernel::SocketAddress from = kernel::socket_address(source, 0);
  const kernel::SocketAddress there = kernel::socket_address(to, port);
  if (::bind(fd.get(), from.get(), from.length) != 0 || ::connect(fd.get(), there.get(), there.length) != 0) fd.reset();
  return fd;
}

net::Address address(const char* text) {
  return net::Address::parse(text).value();
}

std::string text_of(const ir::l7::Request& request) {
  std::string out = fmt::format("{} {} HTTP/{}\r\n", request.method, request.target, request.version);
  for (const ir::l7::Header& header : request.headers) out += fmt::format("{}: {}\r\n", header.name, header.value);
  if (request.body > 0) out += fmt::format("Content-Length: {}\r\n", request.body);
  return out + "Connection: close\r\n\r\n";
}

std::string header(std::string_view head, std::string_view name) {
  for (const std::string_view line : base::split(head, '\n'))
    if (line.substr(0, name.size()) == name) return std::string(base::trim(line.substr(name.size())));
  return {};
}

bool answers() {
  const kernel::Fd fd = connected(address("192.0.2.1"), address("127.0.0.1"), 80);
  if (!fd.open()) return false;
  Wire wire(::dup(fd.get()));
  return wire.write("GET / HTTP/1.0\r\n\r\n") && !wire.read_head().empty();
}

void read_answer(Wire& wire, const ir::l7::Request& request, Answer& out) {
  const std::string head = wire.read_head();
  const std::string rest = wire.read_rest();
  if (head.size() < 12) return;
  std::from_chars(head.data() + 9, head.data() + 12, out.status);
  out.location = header(head, "location:");
  if (header(head, "x-seen:").empty()) return;
  if (request.method != "HEAD") out.seen = Seen::read(rest);
}

}  // namespace

bool permitted() {
  static const std::string why = why_not();
  if (why.empty()) return true;
  const char* wanted = std::getenv("PORTCULLIS_KERNEL");
  if (wanted != nullptr && std::string_view(wanted) == "require") throw kernel::Failure(why);
  fmt::print("SKIPPED: {}\n", why);
  return false;
}

kernel::Fd everywhere() {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to connections that the other side may have closed
  kernel::Fd netns = kernel::make_netns();
  const kernel::Inside inside(netns);
  kernel::run_or_fail({"ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo"});
  kernel::run_or_fail({"ip", "-6", "route", "add", "local", "::/0", "dev", "lo"});
  return netns;
}

// ---- folders

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "portcullis-haproxy-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) kernel::fail_with_errno("make a folder");
  path_ = pattern;
  for (const char* name : {"run", "certificates"}) std::filesystem::create_directory(path_ + "/" + name);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, const std::string& text, bool executable) const {
  const std::filesystem::path path = path_ + "/" + name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  if (executable) std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

void Folder::write(const haproxy::Files& files, const std::string& below) const {
  for (const auto& [name, text] : files) write(below + name, text, name.ends_with(".sh"));
}

namespace {

const request_cases::KeyPair& pair_of(const std::vector<std::string>& names) {
  return request_cases::certificate_for(names.empty() ? std::vector<std::string>{"default.invalid"} : names);
}

}  // namespace

void write_certificates(const Folder& folder, const std::string& below, const ir::l7::Router& router) {
  const auto add = [&](const std::string& file, const request_cases::KeyPair& pair) {
    folder.write(below + file, pair.certificate + pair.key);
  };
  add("default.pem", pair_of({}));
  for (const ir::l7::Certificate& certificate : router.certificates) {
    if (certificate.secret.empty()) continue;
    std::string file = certificate.secret + ".pem";
    std::ranges::replace(file, '/', '_');
    add(file, pair_of(certificate.names));
  }
}

const std::string& certificate_shown(const ir::l7::Certificate* certificate) {
  return pair_of(certificate == nullptr ? std::vector<std::string>{} : certificate->names).certificate;
}

std::string complaints(const haproxy::Files& files, const ir::l7::Router& router) {
  const Folder folder;
  folder.write(files);
  write_certificates(folder, "certificates/", router);
  std::vector<std::string> words{"env", "-i"};
  for (const std::string& one : environment(folder.path())) words.push_back(one);
  for (const char* word : {"haproxy", "-c", "-f"}) words.emplace_back(word);
  words.push_back(folder.path() + "/haproxy.cfg");
  const kernel::Ran ran = kernel::run(words);
  return ran.ok() && ran.err.find("WARNING") == std::string::npos ? std::string{} : ran.err + ran.out;
}

// ---- the proxy

Proxy::Proxy(const kernel::Fd& netns, const haproxy::Files& files, const ir::l7::Router& router) {
  folder_.write(files);
  write_certificates(folder_, "certificates/", router);
  const kernel::Inside inside(netns);
  pid_ = start({"haproxy", "-q", "-db", "-f", folder_.path() + "/haproxy.cfg"}, environment(folder_.path()));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(patience_seconds);
  // While it starts, connections are taken and reset.
  while (!answers()) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0)
      throw kernel::Failure("HAProxy does not start: " + complaints(files, router));
    if (std::chrono::steady_clock::now() > deadline) throw kernel::Failure("HAProxy does not listen");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Proxy::~Proxy() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Answer ask(const kernel::Fd& netns, const ir::l7::Request& request) {
  const net::Address source = request.source.value_or(address("192.0.2.1"));
  const bool v6 = source.family() == net::Family::ipv6;
  kernel::Fd fd;
  {
    const kernel::Inside inside(netns);
    fd = connected(source, address(v6 ? "::1" : "127.0.0.1"), request.https ? 443 : 80);
  }
  if (!fd.open()) throw kernel::Failure("HAProxy does not take a connection");
  static SSL_CTX* const context = client_context();
  Wire wire(::dup(fd.get()));
  Answer out;
  if (request.https && !wire.connect_tls(context, request.sni)) {
    out.handshake = false;
    return out;
  }
  if (request.https) out.certificate = wire.certificate();
  // A proxy that has refused the request may not read its body.
  if (wire.write(text_of(request)) && request.body > 0) (void)wire.write(std::string(request.body, 'x'));
  read_answer(wire, request, out);
  return out;
}

}  // namespace portcullis::proxied
