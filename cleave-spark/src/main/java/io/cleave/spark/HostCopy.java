package io.cleave.spark;

import java.io.Serializable;

/** A shared value as executors hear of it. */
record HostCopy(String name) implements Serializable {
}
