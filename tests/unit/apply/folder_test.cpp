// Which folders are taken, and what is said of the others.
#include "backends/apply/folder.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <stdlib.h>

#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/program.hpp"

namespace {

using namespace portcullis;
namespace fs = std::filesystem;

class Files {
 public:
  Files() : path_((fs::temp_directory_path() / "portcullis-XXXXXX").string()) {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ + "/" + name) << text; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string node_text(const std::string& program) {
  ebpf::Tables tables;
  tables.node = "node-a";
  tables.program = program;
  tables.tcp_be_liberal = true;
  return ebpf::print(tables);
}

std::string sum(const std::string& name, const std::string& text) {
  return ebpf::sha256(text) + "  " + name + "\n";
}

void write_whole(const Files& files, const std::string& text) {
  files.write("node.pcl", text);
  files.write("companion.nft", "table inet t {}\n");
  files.write("SHA256SUMS", sum("node.pcl", text) + sum("companion.nft", "table inet t {}\n"));
}

std::string refusal(const std::string& folder) {
  try {
    static_cast<void>(apply::open_folder(folder));
    return "taken";
  } catch (const ebpf::loader::CannotDo& failure) {
    return failure.what();
  }
}

}  // namespace

TEST_CASE("a whole folder") {
  const Files files;
  const std::string text = node_text(ebpf::program_digest());
  write_whole(files, text);
  const apply::Folder folder = apply::open_folder(files.path());
  CHECK(folder.kind == apply::Kind::ebpf);
  CHECK(folder.artefact.tables.node == "node-a");
  CHECK(folder.artefact.digest == ebpf::sha256(text));
  CHECK(folder.artefact.companion == files.path() + "/companion.nft");
  REQUIRE(folder.artefact.sysctls.size() == 1);
  CHECK(folder.artefact.sysctls.front().name == "net.netfilter.nf_conntrack_tcp_be_liberal");
  CHECK(folder.artefact.sysctls.front().value == "1");
}

TEST_CASE("folders that are refused") {
  const Files files;
  const std::string text = node_text(ebpf::program_digest());
  write_whole(files, text);
  SECTION("not there") {
    CHECK_THAT(refusal(files.path() + "/nothing"), Catch::Contains("is no folder"));
  }
  SECTION("a text that was changed") {
    files.write("node.pcl", text + "# more\n");
    CHECK_THAT(refusal(files.path()), Catch::Contains("node.pcl is not what SHA256SUMS says"));
  }
  SECTION("a companion that was changed") {
    files.write("companion.nft", "table inet t { }\n");
    CHECK_THAT(refusal(files.path()), Catch::Contains("companion.nft is not what SHA256SUMS says"));
  }
  SECTION("a companion that was changed, beside tables for bpftool that nobody reads here") {
    files.write("maps.batch", "map show\n");
    files.write("SHA256SUMS",
                sum("node.pcl", text) + sum("companion.nft", "table inet t {}\n") + sum("maps.batch", "map\n"));
    CHECK(apply::open_folder(files.path()).kind == apply::Kind::ebpf);
    files.write("companion.nft", "table inet t { }\n");
    CHECK_THAT(refusal(files.path()), Catch::Contains("companion.nft is not what SHA256SUMS says"));
  }
  SECTION("a file that is gone") {
    fs::remove(files.path() + "/companion.nft");
    CHECK_THAT(refusal(files.path()), Catch::Contains("companion.nft: No such file"));
  }
  SECTION("sums that leave one out") {
    files.write("SHA256SUMS", sum("node.pcl", text));
    CHECK_THAT(refusal(files.path()), Catch::Contains("does not speak of companion.nft"));
  }
  SECTION("sums that are none, or lead elsewhere") {
    files.write("SHA256SUMS", "nonsense\n");
    CHECK_THAT(refusal(files.path()), Catch::Contains("SHA256SUMS is damaged"));
    files.write("SHA256SUMS", sum("../node.pcl", text));
    CHECK_THAT(refusal(files.path()), Catch::Contains("SHA256SUMS is damaged"));
  }
  SECTION("a text that cannot be read") {
    write_whole(files, text + "route nowhere\n");
    CHECK_THAT(refusal(files.path()), Catch::Matches(".*node\\.pcl:[0-9]+: .*: compile again"));
  }
  SECTION("another program") {
    write_whole(files, node_text(std::string(64, '0')));
    CHECK_THAT(refusal(files.path()), Catch::Contains("was written by another version of portcullis"));
  }
  SECTION("none of a backend") {
    for (const char* file : {"/node.pcl", "/SHA256SUMS"}) fs::remove(files.path() + file);
    CHECK_THAT(refusal(files.path()), Catch::Contains("holds no node.pcl, nftables.nft or iptables.rules"));
  }
}

TEST_CASE("folders of the other backends") {
  const Files nftables, iptables;
  nftables.write("nftables.nft", "");
  iptables.write("ip6tables.rules", "");
  CHECK(apply::open_folder(nftables.path()).kind == apply::Kind::nftables);
  CHECK(apply::open_folder(iptables.path()).kind == apply::Kind::iptables);
  nftables.write("SHA256SUMS", sum("nftables.nft", "x"));
  CHECK_THAT(refusal(nftables.path()), Catch::Contains("is not what SHA256SUMS says"));
}
