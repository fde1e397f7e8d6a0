#include "compiler/driver/command_line.hpp"

#include <catch2/catch.hpp>

#include "compiler/base/text.hpp"
#include "tests/unit/driver/workspace.hpp"

namespace driver = portcullis::driver;
using driver::Workspace;

TEST_CASE("a line that makes no sense is usage, and says why") {
  const Workspace here;
  here.write("web.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n");
  here.write("nodes.yaml",
             "apiVersion: portcullis.dev/v1\nkind: ClusterProfile\nmetadata: {name: c}\n"
             "spec: {nodes: [{name: n1, addresses: [192.168.0.1]}, {name: n2, addresses: [192.168.0.2]}]}\n");
  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  const Row rows[] = {
      {{}, "subcommand"},
      {{"frobnicate", "web.yaml"}, "frobnicate"},
      {{"lint"}, "no input"},
      {{"lint", "--nonsense", "web.yaml"}, "nonsense"},
      {{"lint", "web.yaml", "-o", "xml"}, "text, json, sarif"},
      {{"lint", "web.yaml", "-o", "json", "-o", "text"}, "only one -o"},
      {{"lint", "web.yaml", "-o", "json="}, "-o takes"},
      {{"lint", "web.yaml", "--fail-on", "info"}, "fail-on"},
      {{"lint", "web.yaml", "--color", "maybe"}, "color"},
      {{"lint", "web.yaml", "--jobs", "0"}, "jobs"},
      {{"lint", "--cluster", "web.yaml"}, "NAME=PATH"},
      {{"lint", "-q", "-v", "web.yaml"}, "erbose"},
      {{"compile", "web.yaml"}, "--to"},
      {{"compile", "web.yaml", "--to", "pf"}, "pf"},
      {{"compile", "web.yaml", "nodes.yaml", "--to", "ir"}, "choose a node with --node: the cluster has n1 and n2"},
      {{"compile", "web.yaml", "--to", "ir", "--node", "node-x"}, "did you mean `node-a`"},
      {{"compile", "web.yaml", "--to", "ir", "--node", "elsewhere"}, "no node `elsewhere`"},
      {{"compile", "web.yaml", "--to", "ir", "--all-nodes"}, "--all-nodes needs -o"},
      {{"compile", "web.yaml", "--to", "ir", "--all-nodes", "--node", "node-a"}, "node"},
      {{"compile", "web.yaml", "--to", "nftables", "--family", "ipv4", "--node", "node-a"}, "--family is for"},
      {{"compile", "web.yaml", "--to", "ir", "--node", "node-a", "-o", "json"}, "json=FILE"},
      {{"compile", "web.yaml", "--to", "ir", "--node", "node-a", "-o", "a", "-o", "b"}, "one place only"},
      {{"compile", "--cluster", "a=web.yaml", "--cluster", "b=web.yaml", "--to", "ir"}, "one cluster"},
      {{"resolve", "web.yaml", "-o", "sarif"}, "table, yaml, json"},
      {{"trace"}, "name the input"},
      {{"trace", "web.yaml"}, "no input"},
      {{"trace", "web.yaml", "tcp from here to there"}, "`here` is no IP address"},
      {{"trace", "-", "--packets", "-"}, "standard input"},
      {{"trace", "web.yaml", "--node", "node-x", "tcp from 10.0.0.1 to 10.0.0.2:80"}, "did you mean `node-a`"},
      {{"apply"}, "DIR is required"},
      {{"apply", "one", "two"}, "two"},
      {{"attach"}, "INTERFACE is required"},
      {{"status", "-o", "yaml"}, "yaml"},
      {{"rolback"}, "did you mean `rollback`"},
      {{"remove", "later"}, "later"},
      {{"explain", "PC9999"}, "no finding has the code"},
      {{"explain", "port-name-missin"}, "did you mean `port-name-missing`"},
  };
  for (const Row& row : rows) {
    std::string line;
    for (const std::string& word : row.arguments) line += word + " ";
    const driver::Run run = here.run(row.arguments);
    INFO(line << "\n" << run.err);
    CHECK(run.status == driver::exit_usage);
    CHECK(run.err.find(row.says) != std::string::npos);
    CHECK(run.out.empty());
  }
}

TEST_CASE("help and version go to standard output") {
  const Workspace here;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{"--help"},
                                                                                         {"lint", "--help"},
                                                                                         {"compile", "-h"},
                                                                                         {"resolve", "--help"},
                                                                                         {"trace", "--help"},
                                                                                         {"explain", "--help"}}) {
    const driver::Run run = here.run(arguments);
    INFO(arguments.front());
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    CHECK(run.out.find("Examples:\n  portcullis ") != std::string::npos);
  }
  const driver::Run version = here.run({"--version"});
  CHECK(version.status == 0);
  CHECK(version.out.starts_with("portcullis "));
}

TEST_CASE("every example of the help is a line that is understood") {
  const Workspace here;
  for (const char* command : {"lint", "compile", "resolve", "trace", "explain"}) {
    const driver::Run help = here.run({command, "--help"});
    for (const std::string_view line : portcullis::base::split(help.out, '\n')) {
      if (!line.starts_with("  portcullis ")) continue;
      std::vector<std::string> words;
      bool quoted = false;
      std::string word;
      for (const char c : std::string(line.substr(2)) + " ") {
        if (c == '\'') {
          quoted = !quoted;
        } else if (c == ' ' && !quoted) {
          if (!word.empty()) words.push_back(word);
          if (word.empty() && !words.empty()) break;  // two blanks: the explanation
          word.clear();
        } else {
          word += c;
        }
      }
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "|") words.resize(i);
      }
      std::vector<const char*> argv;
      for (const std::string& w : words) argv.push_back(w.c_str());
      INFO(line);
      CHECK(driver::parse_command_line(static_cast<int>(argv.size()), argv.data()).command.has_value());
    }
  }
}

TEST_CASE("a node's commands end with 2 where the folder is none") {
  const Workspace here;
  here.write("folder/README.md", "nothing\n");
  const driver::Run absent = here.run({"apply", "absent"});
  CHECK(absent.status == 2);
  CHECK(absent.err == "portcullis: absent is no folder: name the one that `compile -o` wrote for this node\n");
  CHECK(here.run({"apply", "folder"}).status == 2);
  const driver::Run compared = here.run({"status", "folder"});
  CHECK(compared.status == 2);
  CHECK(compared.out.empty());
  const driver::Run elsewhere = here.run({"remove", "--pins", "folder/pins"});
  CHECK(elsewhere.status == 2);
  CHECK(elsewhere.err.find("is no BPF file system") != std::string::npos);
}
