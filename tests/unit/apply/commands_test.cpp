// Commands on folders of the other backends, which need no kernel; and what the commands say.
#include "backends/apply/commands.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <elf.h>
#include <stdlib.h>

#include "backends/apply/status_text.hpp"

namespace {

using namespace portcullis;
namespace fs = std::filesystem;
namespace loader = ebpf::loader;

// A folder for nftables whose apply.sh is this.
class Scripted {
 public:
  explicit Scripted(const std::string& script) : path_((fs::temp_directory_path() / "portcullis-XXXXXX").string()) {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
    std::ofstream(path_ + "/nftables.nft") << "";
    std::ofstream(path_ + "/apply.sh") << script;
  }
  Scripted(const Scripted&) = delete;
  Scripted& operator=(const Scripted&) = delete;
  ~Scripted() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

loader::Status sample() {
  loader::Status out;
  out.loaded = true;
  out.version = "1-abc";
  out.generation = 2;
  out.artefact = std::string(64, 'a');
  out.covered = {"eth0", "veth1"};
  out.counters = {{"translated", 3}, {"dropped", 0}};
  return out;
}

}  // namespace

TEST_CASE("apply runs apply.sh of the other backends") {
  const Scripted fine("echo loading >&2\n"), failing("echo no such table >&2\nexit 3\n");
  const apply::Result done = apply::apply(fine.path(), {});
  CHECK(done.status == 0);
  CHECK(done.complaints == std::vector<std::string>{"loading"});
  CHECK_THAT(done.out, Catch::Contains("(nftables)"));
  const apply::Result failed = apply::apply(failing.path(), {});
  CHECK(failed.status == 2);
  REQUIRE(failed.complaints.size() == 2);
  CHECK(failed.complaints[0] == "no such table");
  CHECK_THAT(failed.complaints[1], Catch::Contains("apply.sh ended with status 3"));
}

TEST_CASE("status of the other backends is said to be another command's") {
  const Scripted folder("true\n");
  const apply::Result result = apply::status(folder.path(), false, {});
  CHECK(result.status == 2);
  REQUIRE(result.complaints.size() == 1);
  CHECK_THAT(result.complaints.front(), Catch::Contains("portcullis verify"));
}

TEST_CASE("status as text") {
  loader::Status status = sample();
  CHECK(status.as_wanted());
  CHECK(apply::status_text(status) ==
        "program 1-abc\ngeneration 2: 0 frontends, 0 pools, 0 endpoints, from node.pcl aaaaaaaaaaaaaaaa\n"
        "interfaces: eth0, veth1\ntranslated: 3\nall is as it should be\n");
  status.problems = {"the roof leaks"};
  status.differences = {{"missing", "route a", ""}, {"different", "pool 0 x", "pool 0 y"}, {"unknown", "", "route b"}};
  CHECK_FALSE(status.as_wanted());
  CHECK_THAT(apply::status_text(status),
             Catch::Contains("problem: the roof leaks\nmissing: route a\n"
                             "different: pool 0 x\n     node: pool 0 y\nunknown: route b\n"));
  status.differences.assign(50, {"missing", "route a", ""});
  CHECK_THAT(apply::status_text(status), Catch::Contains("and 10 more lines that differ\n"));
}

TEST_CASE("status and probe as JSON") {
  loader::Status status = sample();
  status.differences = {{"missing", "route a", ""}};
  CHECK_THAT(apply::status_json(status),
             Catch::Contains(R"("schema": "portcullis/status/1")") && Catch::Contains(R"("asWanted": false)") &&
                 Catch::Contains(R"("translated": 3)") && Catch::Contains(R"("wanted": "route a")"));
  loader::Probe probe;
  probe.features = {{"wings", "9.9", false, true, "it does not fly"}};
  CHECK_FALSE(probe.fine());
  CHECK_THAT(apply::probe_json(probe), Catch::Contains(R"("fine": false)") && Catch::Contains(R"("name": "wings")"));
  CHECK_THAT(apply::probe_text(probe), Catch::Contains("missing  wings (Linux 9.9): it does not fly\n"));
  probe.features.front().needed = false;
  CHECK(probe.fine());
  probe.refusal = "too large";
  CHECK_FALSE(probe.fine());
}

#ifdef PORTCULLIS_NODE_PROGRAM
TEST_CASE("portcullis-node is static") {
  std::ifstream file(PORTCULLIS_NODE_PROGRAM, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Elf64_Ehdr head{};
  REQUIRE(bytes.size() > sizeof head);
  std::memcpy(&head, bytes.data(), sizeof head);
  REQUIRE(head.e_phnum > 0);
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, bytes.data() + head.e_phoff + i * sizeof segment, sizeof segment);
    CHECK(segment.p_type != PT_INTERP);   // no loader
    CHECK(segment.p_type != PT_DYNAMIC);  // no libraries
  }
}
#endif
