package io.cleave.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;

/**
 * The shared values of an application as its tasks hear of them.
 *
 * @param version grows with each change
 * @param values those that are open
 */
record SharedValues(long version, List<Value> values) implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * One of them.
     *
     * @param name by which tasks load it
     * @param image brings it to a host that does not have it
     */
    record Value(String name, Broadcast<HostImage> image) implements Serializable {
        private static final long serialVersionUID = 1L;
    }
}
