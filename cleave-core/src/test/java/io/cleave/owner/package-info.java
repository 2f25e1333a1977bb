/** Tests of owners in shared memory and of waiting. */
package io.cleave.owner;
