// A source file for the target that compiles the common headers (precompiled.cmake).
