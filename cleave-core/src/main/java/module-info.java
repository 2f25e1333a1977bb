/**
 * Cleave puts every core to work on data that stays where it is: it forks the running JVM copy-on-write, shares memory
 * between processes and runs pools of workers. It needs Linux, Java 25 and {@code --enable-native-access=io.cleave}.
 */
module io.cleave {
    requires java.logging;
    requires java.management;
    requires jdk.management;
    requires jdk.unsupported; // for Fory, which does not say so
    requires org.apache.fory.core;
    requires static transitive org.jspecify;

    exports io.cleave;
    exports io.cleave.fission;
    exports io.cleave.memory;
    exports io.cleave.objects;
    exports io.cleave.pool;
    exports io.cleave.share;
    exports io.cleave.sync;
}
