/** What this machine and this JVM offer to Cleave, and what to do about what they do not. */
@NullMarked
package io.cleave.cli.doctor;

import org.jspecify.annotations.NullMarked;
