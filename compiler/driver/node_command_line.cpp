#include "compiler/driver/node_command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/driver/command_line.hpp"
#include "compiler/driver/output.hpp"

namespace portcullis::driver {

namespace {

constexpr const char* apply_footer =
    "Examples:\n"
    "  {0} apply out/node-a                       load the folder that `compile -o` wrote for this node\n"
    "  {0} apply out/node-a --interface eth0      the program at this interface only\n"
    "\n"
    "The folder is checked first. The new tables are filled beside the old ones, read back and compared, and then "
    "made\n"
    "active by one write; connections go on. Killed at any point, it can be run again. Folders for nftables and\n"
    "iptables are loaded by their own apply.sh.\n"
    "Exit status: 0 done; 2 it cannot be done; 64 usage.";

constexpr const char* attach_footer =
    "Examples:\n"
    "  {0} attach veth1234                        an interface that has come after apply\n"
    "\n"
    "For a udev rule or a chained CNI plugin: packets that come in by an interface without the program know no "
    "Services.\n"
    "Also tells the program the interface's addresses again. Exit status: 0 done; 2 it cannot be done.";

constexpr const char* status_footer =
    "Examples:\n"
    "  {0} status                                 what is loaded, and whether it works\n"
    "  {0} status out/node-a                      and whether it is this folder, line by line\n"
    "  {0} status out/node-a -o json              for machines\n"
    "  {0} status --probe                         what the program needs of this kernel, and whether it is there\n"
    "\n"
    "Exit status: 0 all is as it should be; 1 it is not; 2 it cannot be said, or with --probe the kernel lacks "
    "something.";

constexpr const char* rollback_footer =
    "Examples:\n"
    "  {0} rollback                               back to the tables before these, in one write\n"
    "\n"
    "Exit status: 0 done; 1 there are none; 2 it cannot be done.";

constexpr const char* remove_footer =
    "Examples:\n"
    "  {0} remove                                 translated connections go on until they end\n"
    "  {0} remove --now                           they break\n"
    "\n"
    "The companion ruleset translates packets of connections that were made; it stays until the last one has ended "
    "and\n"
    "`remove` is run again. Exit status: 0 done; 2 it cannot be done.";

void add_pins(CLI::App& app, NodePlaces& places) {
  app.add_option("--pins", places.pins, "folder of the BPF file system (default: /sys/fs/bpf/portcullis)");
}

}  // namespace

std::string Help::make_footer(const CLI::App* app) const {
  const std::string footer = app->get_footer();
  return footer.empty() ? footer : footer + "\n";
}

NodeCommandLine::NodeCommandLine(CLI::App& app, const std::string& program)
    : apply_app_(app.add_subcommand("apply", "on a node: load the folder that compile wrote for it")),
      attach_app_(app.add_subcommand("attach", "on a node: cover interfaces that came later")),
      status_app_(app.add_subcommand("status", "on a node: what is loaded, and whether it is as it should be")),
      rollback_app_(app.add_subcommand("rollback", "on a node: back to the tables before these")),
      remove_app_(app.add_subcommand("remove", "on a node: leave nothing of portcullis there")) {
  const auto footer = [&](CLI::App* command, const char* text) {
    command->footer(fmt::format(fmt::runtime(text), program));
  };
  apply_app_->add_option("DIR", apply_.folder, "folder of this node")->required();
  apply_app_->add_option("--interface", apply_.places.interfaces, "cover this interface, not all; repeatable")
      ->allow_extra_args(false);
  apply_app_->add_option("--cgroup", apply_.places.cgroup,
                         "control group whose processes are served (default: root of the cgroup2 hierarchy)");
  footer(apply_app_, apply_footer);
  attach_app_->add_option("INTERFACE", attach_.interfaces, "names of interfaces")->required();
  footer(attach_app_, attach_footer);
  status_app_->add_option("DIR", status_.folder, "folder to compare with");
  status_app_->add_flag("--probe", status_.probe, "only ask whether this kernel has what the program needs");
  status_app_
      ->add_option_function<std::string>(
          "-o,--output", [this](const std::string& word) { status_.json = word == "json"; }, "text (default) or json")
      ->check(CLI::IsMember(std::vector<std::string>{"text", "json"}));
  footer(status_app_, status_footer);
  footer(rollback_app_, rollback_footer);
  remove_app_->add_option("--cgroup", remove_.places.cgroup,
                          "control group that apply.sh attached to (default: root of the cgroup2 hierarchy)");
  remove_app_->add_flag("--now", remove_.now, "the companion ruleset too, which ends translated connections");
  footer(remove_app_, remove_footer);
  add_pins(*apply_app_, apply_.places);
  add_pins(*attach_app_, attach_.places);
  add_pins(*status_app_, status_.places);
  add_pins(*rollback_app_, rollback_.places);
  add_pins(*remove_app_, remove_.places);
}

std::optional<NodeCommand> NodeCommandLine::parsed() const {
  if (apply_app_->parsed()) return apply_;
  if (attach_app_->parsed()) return attach_;
  if (status_app_->parsed()) return status_;
  if (rollback_app_->parsed()) return rollback_;
  if (remove_app_->parsed()) return remove_;
  return std::nullopt;
}

// CLI11 only says that a subcommand is missing.
std::string unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  const std::string word = argv[1];
  std::vector<std::string_view> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::ranges::find(names, word) != names.end()) return {};
  const std::string_view near = base::nearest(word, names);
  return near.empty() ? fmt::format("no command `{}`: see {} --help", word, app.get_name())
                      : fmt::format("no command `{}`; did you mean `{}`?", word, near);
}

std::optional<int> parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream problem;
    const int status = app.exit(error, out, problem);
    std::fputs(out.str().c_str(), stdout);
    if (status == 0) return exit_done;
    fmt::print(stderr, "portcullis: {}", problem.str());
    return exit_usage;
  }
}

}  // namespace portcullis::driver
