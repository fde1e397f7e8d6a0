#include "compiler/ir/l7/forms.hpp"

#include <algorithm>
#include <cstdint>

#include "compiler/ir/l7/letters.hpp"
#include "compiler/ir/l7/regex.hpp"

namespace portcullis::ir::l7 {

namespace {

constexpr int bad_request = 400;

// Where the authority of an absolute form begins (behind `scheme://`); npos: it is another form.
std::size_t authority_begin(std::string_view target) {
  if (target.empty() || !is_letter(target.front())) return std::string_view::npos;
  const std::size_t colon = target.find(':');
  if (colon == std::string_view::npos || target.substr(colon, 3) != "://") return std::string_view::npos;
  const bool scheme = std::ranges::all_of(
      target.substr(0, colon), [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
  return scheme ? colon + 3 : std::string_view::npos;
}

bool is_absolute(std::string_view target) {
  return authority_begin(target) != std::string_view::npos;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f;
}
bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

std::string_view without_user(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

// HTTP/1.0 and before may do without a Host.
bool may_lack_host(std::string_view version) {
  return version == "1.0" || version == "0.9";
}

// H8: repetitions that say the same are one Host.
bool differ(const std::vector<std::string_view>& hosts) {
  return std::ranges::any_of(hosts, [&](std::string_view host) { return !equal_folded(host, hosts.front()); });
}

std::string_view cut_at_first_colon(std::string_view host) {
  return host.substr(0, host.find(':'));
}

// The port goes, brackets and what is in them stay.
std::string_view cut_port(std::string_view host) {
  const std::size_t at = host.find_last_of(":]");
  return at != std::string_view::npos && host[at] == ':' ? host.substr(0, at) : host;
}

// ---- nginx

// H2 to H4, H7, H9: dots, port and bytes as nginx checks them; nothing: refused.
std::optional<std::string> nginx_name(std::string_view host) {
  std::size_t length = host.size();
  std::size_t dot = std::string_view::npos;  // the last one
  enum class At : std::uint8_t { name, literal, rest } at = At::name;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (c == '/' || is_control(c)) return {};
    if (c == '.') {
      if (i > 0 && host[i - 1] == '.') return {};
      dot = i;
    } else if (c == '[' && i == 0) {
      at = At::literal;
    } else if ((c == ':' && at == At::name) || (c == ']' && at == At::literal)) {
      length = c == ':' ? i : i + 1;
      at = At::rest;
    }
  }
  if (length > 0 && dot == length - 1) --length;
  if (length == 0) return {};
  return folded(host.substr(0, length));
}

bool is_literal_byte(char c) {
  return is_letter(c) || is_digit(c) || std::string_view(":-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}

// Which authorities of an absolute form nginx reads.
bool nginx_reads_authority(std::string_view authority) {
  std::size_t at = 0;
  if (authority.starts_with('[')) {
    at = std::min(authority.find(']'), authority.size());
    if (at == authority.size() || !std::ranges::all_of(authority.substr(1, at - 1), is_literal_byte)) return false;
    ++at;
  } else {
    while (at < authority.size() &&
           (is_letter(authority[at]) || is_digit(authority[at]) || authority[at] == '.' || authority[at] == '-')) {
      ++at;
    }
  }
  const std::string_view port = authority.substr(at);
  return port.empty() || (port.front() == ':' && std::ranges::all_of(port.substr(1), is_digit));
}

std::variant<Name, int> nginx_host(const Request& request, const std::vector<std::string_view>& hosts,
                                   const TargetParts& target) {
  if (hosts.size() > 1 || (hosts.empty() && !may_lack_host(request.version))) return bad_request;
  std::optional<std::string> name = hosts.empty() ? std::string{} : nginx_name(hosts.front());
  if (target.authority) {
    if (!nginx_reads_authority(*target.authority)) return bad_request;
    // The header is looked at even where the target decides.
    if (name) name = nginx_name(*target.authority);
  }
  if (!name) return bad_request;
  return Name{true, *std::move(name)};
}

// ---- haproxy

// Without the port that the scheme has anyway.
std::string_view cut_default_port(std::string_view host, std::string_view scheme) {
  const std::string_view name = cut_port(host);
  if (name.size() == host.size()) return host;
  const std::string_view port = host.substr(name.size() + 1);
  const bool usual = port.empty() || (equal_folded(scheme, "http") && port == "80") ||
                     (equal_folded(scheme, "https") && port == "443");
  return usual ? name : host;
}

bool same_authority(std::string_view target, std::string_view authority, std::string_view host) {
  if (equal_folded(authority, host)) return true;
  if (!is_absolute(target)) return false;
  const std::string_view scheme = target.substr(0, target.find(':'));
  return equal_folded(cut_default_port(authority, scheme), cut_default_port(host, scheme));
}

std::variant<Name, int> haproxy_host(const Request& request, const std::vector<std::string_view>& hosts,
                                     const TargetParts& target) {
  if (differ(hosts)) return bad_request;
  if (hosts.empty()) return Name{false, {}};
  const std::string_view authority = without_user(target.authority.value_or(std::string_view{}));
  if (!authority.empty() && !same_authority(request.target, authority, hosts.front())) return bad_request;
  return Name{true, folded(cut_at_first_colon(hosts.front()))};
}

// ---- traefik: what Go's server and net.SplitHostPort make of a Host

bool is_go_host_byte(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!$%&'()*+,-.:;=[]_~").find(c) != std::string_view::npos;
}

// The host of `host:port` or `[host]:port`; the whole where it is neither, without brackets around it.
std::string_view split_host_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  if (host.front() != '[') {
    const std::string_view name = host.substr(0, colon);
    return name.find_first_of(":[]") == std::string_view::npos ? name : host;
  }
  const std::size_t end = host.find(']');
  if (end == std::string_view::npos) return host;
  const std::string_view name = host.substr(1, end - 1);
  if (end + 1 == host.size() || (end + 1 == colon && name.find('[') == std::string_view::npos)) return name;
  return host;
}

std::variant<Name, int> traefik_host(const Request& request, const std::vector<std::string_view>& hosts,
                                     const TargetParts& target) {
  if (hosts.size() > 1 || (hosts.empty() && !may_lack_host(request.version))) return bad_request;
  std::string_view host = without_user(target.authority.value_or(std::string_view{}));
  if (!hosts.empty()) {
    if (!std::ranges::all_of(hosts.front(), is_go_host_byte)) return bad_request;
    if (host.empty()) host = hosts.front();
  }
  std::string_view name = split_host_port(host);
  if (name.ends_with('.')) name.remove_suffix(1);
  return Name{true, folded(name)};
}

std::variant<Name, int> plain_host(const std::vector<std::string_view>& hosts, const TargetParts& target) {
  if (differ(hosts)) return bad_request;
  std::string_view host = without_user(target.authority.value_or(std::string_view{}));
  if (host.empty() && !hosts.empty()) host = hosts.front();
  return Name{true, folded(cut_port(host))};
}

// ---- paths

// The byte that `%xx` at `at` says; -1: no two digits follow.
int percent_byte(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return -1;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// Takes the elements of a path one by one and gives the path without `//`, `/./` and `/../`.
class DotRemover {
 public:
  // False: above the root.
  bool slash(bool last = false) {
    bool inside = true;
    if (element_ == "..") {
      inside = !kept_.empty();
      if (inside) kept_.resize(kept_.rfind('/'));
    } else if (element_ != "." && !element_.empty()) {
      kept_ += '/';
      kept_ += element_;
    }
    ended_by_element_ = last && !element_.empty() && element_ != "." && element_ != "..";
    element_.clear();
    return inside;
  }
  void byte(char c) { element_ += c; }
  // The elements that stayed, with a slash before each; empty: the root.
  [[nodiscard]] const std::string& kept() const { return kept_; }
  // Whether the last element is one that stays, so that no slash follows it.
  [[nodiscard]] bool ended_by_element() const { return ended_by_element_; }

 private:
  std::string kept_, element_;
  bool ended_by_element_ = false;
};

// 3.2, column nginx: `%xx` is read once, before slashes and dots are.
std::variant<std::string, int> nginx_path(std::string_view target) {
  if (std::ranges::any_of(target, is_control)) return bad_request;
  if (!target.starts_with('/') && !is_absolute(target)) return bad_request;
  const TargetParts parts = split_target(target);
  const std::string_view path = parts.path.empty() ? "/" : parts.path;
  DotRemover dots;
  for (std::size_t i = 1; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      const int byte = percent_byte(path, i);
      if (byte <= 0) return bad_request;
      c = static_cast<char>(byte);
      i += 2;
    }
    if (c != '/') {
      dots.byte(c);
    } else if (!dots.slash()) {
      return bad_request;
    }
  }
  if (!dots.slash(true)) return bad_request;
  return dots.ended_by_element() ? dots.kept() : dots.kept() + '/';
}

// 3.2, column traefik. Reserved characters (RFC 3986) and `%` stay encoded, in upper case.
std::variant<std::string, int> traefik_path(std::string_view target) {
  if (std::ranges::any_of(target, is_control)) return bad_request;
  if (target == "*") return std::string{};
  if (!target.starts_with('/') && !is_absolute(target)) return bad_request;
  constexpr std::string_view reserved = ":/?#[]@!$&'()*+,;=%";
  const TargetParts parts = split_target(target);
  const std::string_view path = parts.path.empty() ? "/" : parts.path;
  DotRemover dots;
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (path[i] == '/') {
      (void)dots.slash();  // `..` above the root stays at the root
      continue;
    }
    if (path[i] != '%') {
      dots.byte(path[i]);
      continue;
    }
    const int byte = percent_byte(path, i);
    if (byte <= 0) return bad_request;
    const char c = static_cast<char>(byte);
    if (reserved.find(c) == std::string_view::npos) {
      dots.byte(c);
    } else {
      for (const char escape : path.substr(i, 3))
        dots.byte(is_letter(escape) ? static_cast<char>(escape & ~0x20) : escape);
    }
    i += 2;
  }
  (void)dots.slash(true);
  // Only a slash that was sent stays at the end: `/a/..` and `/a/.` end without one.
  return path.ends_with('/') || dots.kept().empty() ? dots.kept() + '/' : dots.kept();
}

// 3.2, columns api and haproxy. What HAProxy's parser refuses is no target: a fragment, blanks, bytes that are not
// printable ASCII, a query right behind the authority.
std::variant<std::string, int> path_as_sent(std::string_view target) {
  const TargetParts parts = split_target(target);
  if (parts.fragment || std::ranges::any_of(target, is_control) || !std::ranges::all_of(target, is_ascii)) {
    return bad_request;
  }
  if (parts.authority && parts.path.empty() && !parts.query.empty()) return bad_request;
  return std::string(parts.path);
}

// Bytes that NGX_ESCAPE_URI writes as `%xx`.
bool is_escaped(char c) {
  return is_control(c) || !is_ascii(c) || std::string_view("\"#%<>?\\^`{|}").find(c) != std::string_view::npos;
}

// Bytes of which `is_written` says so, as `%xx`.
std::string escaped(std::string_view text, bool (*is_written)(char)) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (!is_written(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

}  // namespace

TargetParts split_target(std::string_view target) {
  TargetParts parts;
  if (const std::size_t hash = target.find('#'); hash != std::string_view::npos) {
    parts.fragment = true;
    target = target.substr(0, hash);
  }
  if (const std::size_t mark = target.find('?'); mark != std::string_view::npos) {
    parts.query = target.substr(mark);
    target = target.substr(0, mark);
  }
  if (target.starts_with('/')) {
    parts.path = target;
  } else if (!target.starts_with('*')) {
    const std::size_t begin = is_absolute(target) ? authority_begin(target) : 0;
    const std::size_t slash = is_absolute(target) ? target.find('/', begin) : std::string_view::npos;
    parts.authority = target.substr(begin, slash == std::string_view::npos ? slash : slash - begin);
    if (slash != std::string_view::npos) parts.path = target.substr(slash);
  }
  return parts;
}

std::variant<Name, int> host_name(const Request& request, HostForm form) {
  const std::vector<std::string_view> hosts = request.values("host");
  const TargetParts target = split_target(request.target);
  switch (form) {
    case HostForm::plain:
      return plain_host(hosts, target);
    case HostForm::nginx:
      return nginx_host(request, hosts, target);
    case HostForm::haproxy:
      return haproxy_host(request, hosts, target);
    case HostForm::traefik:
      return traefik_host(request, hosts, target);
  }
  return bad_request;
}

std::variant<std::string, int> matched_path(std::string_view target, PathForm form) {
  switch (form) {
    case PathForm::as_sent:
      return path_as_sent(target);
    case PathForm::nginx:
      return nginx_path(target);
    case PathForm::traefik:
      return traefik_path(target);
  }
  return bad_request;
}

bool is_label(std::string_view label, HostForm form) {
  switch (form) {
    case HostForm::nginx:
      return !label.empty() &&
             std::ranges::all_of(label, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
    case HostForm::haproxy:
      return label.find('.') == std::string_view::npos;
    case HostForm::plain:
    case HostForm::traefik:
      return !label.empty() && label.find('.') == std::string_view::npos;
  }
  return false;
}

bool matches(const HostPattern& pattern, std::string_view name, HostForm form) {
  if (pattern.kind == HostPattern::Kind::any) return true;
  if (name.empty()) return false;
  const std::size_t dot = name.find('.');
  switch (pattern.kind) {
    case HostPattern::Kind::exact:
      return name == pattern.text;
    case HostPattern::Kind::many_labels:
      return name.size() > pattern.text.size() + 1 && name.ends_with(pattern.text) &&
             name[name.size() - pattern.text.size() - 1] == '.';
    case HostPattern::Kind::one_label:
      return dot != std::string_view::npos && name.substr(dot + 1) == pattern.text &&
             is_label(name.substr(0, dot), form);
    case HostPattern::Kind::regex:
      return Regex(pattern.text, true, false).search(name);
    case HostPattern::Kind::any:
      break;
  }
  return false;
}

std::string host_as_sent(const Request& request) {
  const std::vector<std::string_view> hosts = request.values("host");
  return hosts.empty() ? std::string{} : std::string(hosts.front());
}

std::string host_without_port(const Request& request) {
  const std::string host = host_as_sent(request);
  const std::size_t literal = host.starts_with('[') ? host.find(']') : std::string::npos;
  return host.substr(0, host.find(':', literal == std::string::npos ? 0 : literal));
}

std::string target_as_sent(std::string_view target) {
  const std::optional<std::string_view> authority = split_target(target).authority;
  if (!authority) return std::string(target);
  const auto begin = static_cast<std::size_t>(authority->data() + authority->size() - target.data());
  const std::string_view rest = target.substr(begin);
  return rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
}

std::string escape_path(std::string_view path) {
  return escaped(path, is_escaped);
}

std::string escape_value(std::string_view text) {
  return escaped(text, [](char c) {
    return !is_letter(c) && !is_digit(c) && std::string_view("-_.!~*'()").find(c) == std::string_view::npos;
  });
}

}  // namespace portcullis::ir::l7
