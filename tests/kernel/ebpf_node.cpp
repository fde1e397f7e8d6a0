#include "tests/kernel/ebpf_node.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/ebpf/apply_script.hpp"
#include "backends/ebpf/batch.hpp"
#include "backends/ebpf/companion.hpp"
#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "tests/kernel/failure.hpp"

namespace portcullis::kernel {
namespace {

namespace fs = std::filesystem;

std::string make_temporary_folder() {
  std::string name = (fs::temp_directory_path() / "portcullis-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail_with_errno("make a temporary folder");
  return name;
}

void join(const std::string& group) {
  std::ofstream file(group + "/cgroup.procs");
  file << ::getpid() << std::flush;
  if (!file) throw Failure("cannot join control group " + group);
}

// Where this process is in the cgroup2 hierarchy.
std::string current_group() {
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("0::")) return line.substr(3);
  throw Failure("this kernel has no cgroup2");
}

net::Address address(const std::string& text) {
  return net::Address::parse(text).value();
}

ebpf::Tables base_tables() {
  ebpf::Tables out;
  out.node = "node";
  out.dialect = ir::Dialect::nftables;
  out.program = ebpf::program_digest();
  out.pods = {net::Prefix::parse("10.244.0.0/16").value()};
  out.services = {net::Prefix::parse("10.96.0.0/12").value()};
  out.locals = {{address("10.1.0.2"), true, 0}};
  return out;
}

ebpf::Frontend frontend(const net::Address& to, std::uint16_t port, std::uint32_t pool) {
  ebpf::Frontend out;
  out.key = {.address = to, .scope = 0, .protocol = net::Protocol::tcp, .port = port};
  out.owner = "default/web:80";
  out.pools = {pool};
  for (std::size_t i = 0; i < out.actions.size(); ++i)
    out.actions[i] = {.verdict = ebpf::Verdict::dnat, .masquerade = (i & PCL_CLASS_POD) == 0, .pool = 0};
  return out;
}

}  // namespace

ControlGroup::ControlGroup() : root_(make_temporary_folder()), before_(current_group()) {
  if (::mount("none", root_.c_str(), "cgroup2", 0, nullptr) != 0) fail_with_errno("mount cgroup2");
  group_ = fmt::format("{}/portcullis-test-{}", root_, ::getpid());
  if (::mkdir(group_.c_str(), 0755) != 0) fail_with_errno("make a control group");
  join(group_);
}

// Tests go on in the group that they came from.
ControlGroup::~ControlGroup() {
  try {
    join(root_ + before_);
  } catch (const Failure&) {
    std::abort();
  }
  ::rmdir(group_.c_str());
  ::umount(root_.c_str());
  ::rmdir(root_.c_str());
}

PinFolder::PinFolder() : path_(fmt::format("/sys/fs/bpf/portcullis-test-{}", ::getpid())) {
  if (::mkdir(path_.c_str(), 0700) != 0) fail_with_errno("make " + path_);
}

PinFolder::~PinFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

ArtefactFolder::ArtefactFolder(const ebpf::Tables& tables) : path_(make_temporary_folder()) {
  write("node.pcl", ebpf::print(tables));
  write("companion.nft", ebpf::companion(tables));
  sum();
}

ArtefactFolder::~ArtefactFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string ArtefactFolder::read(const std::string& file) const {
  std::ostringstream out;
  out << std::ifstream(path_ + "/" + file).rdbuf();
  return out.str();
}

void ArtefactFolder::write(const std::string& file, const std::string& text) const {
  std::ofstream(path_ + "/" + file) << text;
}

void ArtefactFolder::sum() const {
  std::string out;
  for (const fs::directory_entry& file : fs::directory_iterator(path_)) {
    const std::string name = file.path().filename().string();
    if (name != "SHA256SUMS") out += fmt::format("{}  {}\n", ebpf::sha256(read(name)), name);
  }
  write("SHA256SUMS", out);
}

void ArtefactFolder::add_script(const ebpf::Tables& tables) const {
  std::string program;
  for (const std::byte b : ebpf::program()) program.push_back(static_cast<char>(b));
  write("program.o", program);
  write("maps.batch", ebpf::batch(ebpf::entries(tables)));
  write("apply.sh", ebpf::apply_script(tables, read("node.pcl")));
  write("conntrack.sh", "#!/bin/sh\n");
  sum();
}

ebpf::Tables tables_to(const std::string& pod) {
  ebpf::Tables out = base_tables();
  ebpf::Pool pool;
  pool.name = "default/web:80";
  pool.endpoints = {ebpf::Endpoint{.address = address(pod), .port = 8080, .refusals = {}}};
  out.pools = {pool};
  out.frontends = {frontend(address(frontend_address), frontend_port, 0)};
  return out;
}

ebpf::Tables many_tables(unsigned services, unsigned each) {
  ebpf::Tables out = base_tables();
  const net::Address first = address("10.96.0.0"), endpoints = address("10.128.0.0");
  for (unsigned i = 0; i < services; ++i) {
    ebpf::Pool pool;
    pool.name = fmt::format("default/s{}:80", i);
    for (unsigned j = 0; j < each; ++j)
      pool.endpoints.push_back(
          ebpf::Endpoint{.address = endpoints.plus(i * each + j + 1).value(), .port = 8080, .refusals = {}});
    out.pools.push_back(pool);
    out.frontends.push_back(frontend(first.plus(i + 1).value(), 80, i));
  }
  std::ranges::sort(out.frontends, {}, &ebpf::Frontend::key);
  return out;
}

EbpfNode::EbpfNode() {
  for (const char* host : {"client", "node", "pod-a", "pod-b"}) net_.add(host);
  net_.cable({"client", "eth0", {"10.1.0.9/24"}}, {"node", "eth0", {"10.1.0.2/24"}});
  net_.cable({"node", "veth-a", {"10.244.0.1/32"}}, {"pod-a", "eth0", {"10.244.0.5/32"}});
  net_.cable({"node", "veth-b", {}}, {"pod-b", "eth0", {"10.244.0.6/32"}});
  net_.route("client", "default via 10.1.0.2");
  net_.route("node", "10.244.0.5 dev veth-a");
  net_.route("node", "10.244.0.6 dev veth-b src 10.244.0.1");
  for (const char* pod : {"pod-a", "pod-b"}) {
    net_.route(pod, "10.244.0.1 dev eth0");
    net_.route(pod, "default via 10.244.0.1");
  }
  net_.serve("pod-a", "a", net::Protocol::tcp, address("10.244.0.5"), 8080);
  net_.serve("pod-b", "b", net::Protocol::tcp, address("10.244.0.6"), 8080);
}

apply::Options EbpfNode::options() const {
  apply::Options out;
  out.pins = pins_.pins();
  out.cgroup = group_.path();
  return out;
}

apply::Result EbpfNode::apply(const ArtefactFolder& folder, const apply::Options& options) {
  apply::Result out;
  net_.within("node", [&] { out = apply::apply(folder.path(), options); });
  return out;
}

std::string EbpfNode::run_script(const ArtefactFolder& folder) {
  return net_.run("node", {"env", "PORTCULLIS_PINS=" + pins(), "PORTCULLIS_CGROUP=" + group_.path(), "sh",
                           folder.path() + "/apply.sh"});
}

apply::Result EbpfNode::status(const ArtefactFolder* folder) {
  apply::Result out;
  const std::optional<std::string> path = folder == nullptr ? std::nullopt : std::optional(folder->path());
  net_.within("node", [&] { out = apply::status(path, false, options()); });
  return out;
}

apply::Result EbpfNode::attach(const std::string& interface) {
  apply::Result out;
  net_.within("node", [&] { out = apply::attach({interface}, options()); });
  return out;
}

apply::Result EbpfNode::roll_back() {
  apply::Result out;
  net_.within("node", [&] { out = apply::roll_back(options()); });
  return out;
}

apply::Result EbpfNode::remove(bool now) {
  apply::Result out;
  net_.within("node", [&] { out = apply::remove(now, options()); });
  return out;
}

std::string EbpfNode::answer(const std::string& host, int milliseconds) {
  return net_.ask(host, net::Protocol::tcp, address(frontend_address), frontend_port, milliseconds).server;
}

std::string told(const apply::Result& result) {
  return fmt::format("status {}\n{}{}", result.status, result.out, fmt::join(result.complaints, "\n"));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string filters(EbpfNode& node, const std::string& interface) {
  return node.net().run("node", {"tc", "filter", "show", "dev", interface, "ingress"});
}

}  // namespace portcullis::kernel
