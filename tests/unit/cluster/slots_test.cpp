#include "compiler/cluster/slots.hpp"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace portcullis::cluster {

TEST_CASE("the hash of a name never changes") {
  CHECK(stable_hash("") == 0xF52A15E9A9B5E89BULL);
  CHECK(stable_hash("shop/web") == 0xBCDBAB901D2A36BBULL);
  CHECK(stable_hash("shop/web") != stable_hash("shop/wea"));
}

TEST_CASE("a taken slot sends its name to the next free one") {
  SlotMap slots(10, 4);  // names hash into 4 … 9
  const auto first = slots.take(0, 1);
  REQUIRE(first);
  CHECK(first->slot == 4);
  CHECK(first->wanted == 4);
  const auto second = slots.take(6, 2);  // 4 + 6 % 6 as well
  REQUIRE(second);
  CHECK(second->wanted == 4);
  CHECK(second->slot == 5);
  CHECK(second->holder == 1);
}

TEST_CASE("the dynamic band comes first, then the static one, then nothing is left") {
  SlotMap slots(8, 3);
  std::vector<std::uint64_t> order;
  for (SlotMap::Owner i = 0; i < 8; ++i) {
    const auto taken = slots.take(3, i);  // all want slot 6
    REQUIRE(taken);
    order.push_back(taken->slot);
  }
  CHECK(order == std::vector<std::uint64_t>{6, 7, 3, 4, 5, 0, 1, 2});
  CHECK_FALSE(slots.take(3, 9));
}

TEST_CASE("reserving keeps the first owner and refuses what is outside") {
  SlotMap slots(4, 0);
  CHECK(slots.reserve(2, 7));
  CHECK_FALSE(slots.reserve(2, 8));
  CHECK_FALSE(slots.reserve(4, 8));
  REQUIRE(slots.owner(2) != nullptr);
  CHECK(*slots.owner(2) == 7);
  CHECK(slots.owner(1) == nullptr);
}

TEST_CASE("a range without slots gives none") {
  SlotMap slots(0, 0);
  CHECK_FALSE(slots.take(5, 1));
  CHECK_FALSE(slots.reserve(0, 1));
}

TEST_CASE("a full range is filled without a slot given twice") {
  SlotMap slots(2768, 86);
  std::set<std::uint64_t> given;
  for (SlotMap::Owner i = 0; i < 2768; ++i) {
    const auto taken = slots.take(stable_hash("ns/" + std::to_string(i)), i);
    REQUIRE(taken);
    given.insert(taken->slot);
  }
  CHECK(given.size() == 2768);
  CHECK_FALSE(slots.take(1, 1));
}

}  // namespace portcullis::cluster
