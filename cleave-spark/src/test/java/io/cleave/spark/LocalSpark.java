package io.cleave.spark;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** A context of two threads of this JVM, started once. */
final class LocalSpark {
    private static final JavaSparkContext CONTEXT = new JavaSparkContext(settings("local[2]").setAppName("cleave"));

    private LocalSpark() {
    }

    static JavaSparkContext context() {
        return CONTEXT;
    }

    static SparkConf settings(String master) {
        return new SparkConf().setMaster(master).setAppName("cleave-test").set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.log.level", "ERROR").set("spark.rpc.message.maxSize", "16");
    }
}
