// Paths, directories, encodings.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using manifest::test::read_string;
using manifest::test::Reading;
namespace fs = std::filesystem;

namespace {

// A directory that is gone after the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "portcullis-manifest.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(root_); }
  std::string write(const std::string& name, const std::string& text) const {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  [[nodiscard]] std::string path(const std::string& name = "") const { return (root_ / name).string(); }

 private:
  fs::path root_;
};

std::string object(const std::string& name) {
  return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + name + "\n";
}

Reading read_paths(const std::vector<std::string>& paths) {
  Reading out;
  out.input = manifest::read(paths, {}, out.sources, out.diagnostics);
  return out;
}

std::vector<std::string> names(const Reading& reading) {
  std::vector<std::string> out;
  for (const auto& o : reading.input.objects) out.push_back(manifest::reference(o).name);
  return out;
}

using Strings = std::vector<std::string>;

std::string utf16(const std::string& ascii, bool big_endian) {
  std::string out = big_endian ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) out += big_endian ? std::string({'\0', c}) : std::string({c, '\0'});
  return out;
}

}  // namespace

TEST_CASE("directories are walked in order, files are read once") {
  const Scratch dir;
  dir.write("b/two.yml", object("two"));
  dir.write("a/one.yaml", object("one"));
  dir.write("c.json", R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"three"}})");
  dir.write("values.yaml", "replicas: 3\n: broken\n");
  dir.write("notes.txt", object("other"));
  dir.write("kind.yaml.bak", object("other"));
  fs::create_directory_symlink(dir.path(), dir.path("b/loop"));
  fs::create_symlink(dir.path("missing"), dir.path("dangling.yaml"));
  CHECK(names(read_paths({dir.path()})) == Strings{"one", "two", "three"});
  CHECK(read_paths({dir.path()}).lines().empty());
  CHECK(names(read_paths({dir.path("b/two.yml"), dir.path(), dir.path("b/../b/two.yml")})) ==
        Strings{"two", "one", "three"});
  CHECK(names(read_paths({dir.path("notes.txt")})) == Strings{"other"});
}

TEST_CASE("what is named and cannot be read is a finding, and the rest is read") {
  const Scratch dir;
  const std::string good = dir.write("good.yaml", object("good"));
  const std::string values = dir.write("values.yaml", "replicas: 3\n");
  const Reading reading = read_paths({dir.path("missing.yaml"), good, values});
  CHECK(names(reading) == Strings{"good"});
  CHECK(reading.input.unreadable);
  CHECK(reading.lines() ==
        Strings{"PC1001 0:0 cannot read `" + dir.path("missing.yaml") + "`: No such file or directory",
                "PC1006 1:1 `" + values + "` holds no Kubernetes object"});
  CHECK_FALSE(read_paths({values}).input.unreadable);
}

TEST_CASE("the chart of a template is named") {
  const Scratch dir;
  dir.write("chart/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n");
  dir.write("chart/templates/sub/service.yaml", "kind: Service\nport: {{ .Values.port }}\n");
  const Reading reading = read_paths({dir.path("chart/templates")});
  REQUIRE(reading.lines() == Strings{"PC1002 2:7 `{{ .Values.port }}` is a Helm template of chart `" +
                                     dir.path("chart") + "`, not a manifest"});
  CHECK(reading.diagnostics.all()[0].hint == "run `helm template " + dir.path("chart") + " | portcullis lint -`");
}

TEST_CASE("files of other tools met in a directory are passed in silence") {
  const Scratch dir;
  dir.write("kustomization.yaml", "kind: Kustomization\nresources: [a.yaml]\n");
  dir.write("compose.yaml", "services: {web: {kind: x}}\n");
  dir.write("odd.yaml", "kind: Widget\n");
  dir.write("service.yaml", "kind: Service\n");
  CHECK(read_paths({dir.path()}).lines() ==
        Strings{"PC1006 1:7 this document has `kind: Service` but no `apiVersion`"});
}

TEST_CASE("JSON is recognised whatever the file is called") {
  const Scratch dir;
  const std::string a = R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}})";
  CHECK(names(read_paths({dir.write("a.yaml", a + "\n" + a)})) == Strings{"a", "a"});
  CHECK(names(read_paths({dir.write("b.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: b}}\n---\n" + a)})) ==
        Strings{"b", "a"});
  CHECK(names(read_paths({dir.write("c.yaml", a + "\n---\n" + a)})) == Strings{"a", "a"});
  CHECK(read_paths({dir.write("d.json", "{apiVersion: v1}")}).lines() ==
        Strings{"PC1001 1:2 cannot read this as JSON: expected a key in double quotes, this is `a`"});
}

TEST_CASE("byte order marks and UTF-16") {
  for (const std::string& text : {"\xEF\xBB\xBF" + object("a"), utf16(object("a"), false), utf16(object("a"), true)}) {
    const Reading reading = read_string(text);
    CHECK(reading.lines().empty());
    REQUIRE(names(reading) == Strings{"a"});
    CHECK(reading.sources.begin(manifest::metadata(reading.input.objects[0])->name->span) == base::Position{4, 9});
  }
}

TEST_CASE("kube-proxy's configuration is found in its ConfigMap, with places in the ConfigMap") {
  const std::string text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy, namespace: kube-system}\ndata:\n  config.conf: "
      "|-\n"
      "    apiVersion: kubeproxy.config.k8s.io/v1alpha1\n    kind: KubeProxyConfiguration\n    mode: nftables\n    "
      "iptables:\n"
      "      masqueradeBit: x\n    # \xC3\xA9\n    clusterCIDR: \"10.244.0.0/16\"\n    nodePortAddresses: null\n    "
      "nonsense: 1\n  kubeconfig.conf: |\n    a: b\n";
  const Reading reading = read_string(text);
  CHECK(reading.lines() == Strings{"PC1005 10:22 `masqueradeBit` must be a number, this is the string `x`",
                                   "PC1004 14:5 KubeProxyConfiguration has no field `nonsense`"});
  REQUIRE(reading.input.objects.size() == 1);
  const auto& config = reading.body<manifest::KubeProxyConfiguration>();
  CHECK(reading.sources.begin(config.mode->span) == base::Position{8, 11});
  CHECK(reading.sources.text(config.cluster_cidr->span) == "\"10.244.0.0/16\"");
  CHECK(reading.sources.begin(config.place) == base::Position{6, 5});
  CHECK(reading.input.passed_over == 1);

  // In quotes there are no lines to point at: the place is the whole scalar.
  const Reading quoted = read_string(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: k}\ndata: {c: \"apiVersion: "
      "kubeproxy.config.k8s.io/v1alpha1\\nkind: "
      "KubeProxyConfiguration\\nmode: iptables\\n\"}\n");
  REQUIRE(quoted.input.objects.size() == 1);
  CHECK(quoted.sources.begin(quoted.body<manifest::KubeProxyConfiguration>().mode->span) == base::Position{4, 11});

  const Reading broken = read_string(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: k}\ndata:\n  c: |\n    kind: KubeProxyConfiguration\n    a: "
      "b: c\n");
  CHECK(broken.lines() ==
        Strings{"PC1001 7:9 cannot read this as YAML: `: ` begins a second key and value on this line"});
}
