#include "compiler/driver/driver.hpp"

int main(int argc, char** argv) {
  return portcullis::driver::run(argc, argv);
}
