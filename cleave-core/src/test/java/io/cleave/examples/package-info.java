/** Small programs that show how to use the library; each can be run by itself, and is run by a test. */
package io.cleave.examples;
