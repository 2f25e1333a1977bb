/** What the tests of all parts stand on: delays, child JVMs, and guards against leaks and stuck tests. */
package io.cleave.testing;
