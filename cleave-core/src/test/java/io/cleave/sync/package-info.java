/** Tests of locks, semaphores, events and atomics on shared memory. */
package io.cleave.sync;
