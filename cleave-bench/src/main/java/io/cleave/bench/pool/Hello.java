package io.cleave.bench.pool;

/** As little as a JVM can do. */
final class Hello {
    private Hello() {
    }

    public static void main(String[] args) {
        System.out.println("Hello");
    }
}
