package io.cleave.fork;

import io.cleave.channel.RingValues;
import io.cleave.os.Jni;
import io.cleave.os.Sched;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * New seeds for the generators of random numbers that the JDK keeps for itself: a child has copies of all of them, and
 * so have its siblings, each of which would draw the same numbers.
 *
 * <p>
 * Some draw numbers themselves, as that of {@link Math#random}; from others each new generator takes its seed, as every
 * {@link SplittableRandom}. Those that a program made and holds are its own affair: nobody knows where they are, and one
 * that was given a seed is meant to repeat itself.
 */
public final class Seeds {
    /** What separates one child's seeds from each other. */
    private static final long STEP = 0x9e3779b97f4a7c15L;
    private static final String VALUE = "seed";
    private static final String GENERATORS = "jdk.internal.random.";
    /** Where each new generator of an algorithm gets its seed, beside {@link SplittableRandom}. */
    private static final List<String> SEEDED_BY_COUNTER = List.of("L32X64MixRandom", "L64X128MixRandom",
            "L64X128StarStarRandom", "L64X256MixRandom", "L64X1024MixRandom", "L128X128MixRandom", "L128X256MixRandom",
            "L128X1024MixRandom", "Xoroshiro128PlusPlus");
    /** Generators that the JDK made of the default algorithm of {@link SecureRandom} and keeps. */
    private static final List<List<String>> SECURE = List.of(List.of("java.util.UUID$Holder", "numberGenerator"),
            List.of("java.io.File$TempDirectory", "RANDOM"), List.of("java.nio.file.TempFileHelper", "random"),
            List.of("sun.security.jca.JCAUtil$CachedSecureRandomHolder", "instance"),
            List.of("com.sun.crypto.provider.SunJCE$SecureRandomHolder", "RANDOM"));
    /** The algorithms all of whose instances share one state. */
    private static final List<String> SHARED = List.of("NativePRNG", "NativePRNGNonBlocking", "NativePRNGBlocking");

    private static final List<LongConsumer> COUNTERS = counters();
    private static final List<SecureRandom> SECURE_SHARED = shared();
    private static final @Nullable Runnable FORGET_SHUFFLE = Jni.forgetter(Collections.class, "r");

    private Seeds() {
    }

    private static List<LongConsumer> counters() {
        List<LongConsumer> all = new ArrayList<>();
        addCounter(all, Jni.Held.in(Random.class.getName(), "seedUniquifier"));
        addCounter(all, Jni.Held.in(SplittableRandom.class.getName(), "defaultGen"));
        addCounter(all, Jni.Held.in(ThreadLocalRandom.class.getName(), "seeder"));
        for (String name : SEEDED_BY_COUNTER) {
            addCounter(all, Jni.Held.in(GENERATORS + name, "defaultGen"));
        }
        addCounter(all, Jni.Held.in(GENERATORS + "Xoshiro256PlusPlus", "DEFAULT_GEN"));
        for (String owner : List.of("java.lang.Math", "java.lang.StrictMath")) {
            Jni.Held random = Jni.Held.in(owner + "$RandomNumberGeneratorHolder", "randomNumberGenerator");
            addCounter(all, random == null ? null : random.part(VALUE));
        }
        addSeeder(all, Jni.Held.in("sun.security.provider.SecureRandom$SeederHolder", "seeder"), "engineSetSeed",
                byte[].class);
        Jni.Held nonce = Jni.Held.in("sun.security.provider.AbstractDrbg$NonceProvider", "block");
        if (nonce != null) {
            all.add(nonce.bytesSetter()); // all that tells one new DRBG from another is a nonce that is counted up
        }
        if (!SHARED.contains(new SecureRandom().getAlgorithm())) {
            SECURE.forEach(place -> addSeeder(all, Jni.Held.in(place.get(0), place.get(1)), "setSeed", long.class));
        }
        return List.copyOf(all);
    }

    private static void addCounter(List<LongConsumer> all, Jni.@Nullable Held counter) {
        if (counter != null) {
            all.add(counter.setter());
        }
    }

    private static void addSeeder(List<LongConsumer> all, Jni.@Nullable Held generator, String method,
            Class<?> parameter) {
        LongConsumer seeder = generator == null ? null : generator.seeder(method, parameter);
        if (seeder != null) {
            all.add(seeder);
        }
    }

    private static List<SecureRandom> shared() {
        List<SecureRandom> all = new ArrayList<>();
        try {
            for (String algorithm : SHARED) {
                all.add(SecureRandom.getInstance(algorithm));
            }
        } catch (NoSuchAlgorithmException e) {
            return List.copyOf(all); // a JDK with providers of another kind
        }
        return List.copyOf(all);
    }

    /** Gives all of them new seeds, from the kernel. */
    public static void renew() {
        long seed = Sched.getrandom();
        Jni.reseedThread(Sched.getrandom());
        for (LongConsumer counter : COUNTERS) {
            seed += STEP;
            counter.accept(mixed(seed) | 1); // one of them must not become even
        }
        if (FORGET_SHUFFLE != null) {
            FORGET_SHUFFLE.run();
        }
        byte[] bytes = new byte[16];
        RingValues.putLong(bytes, 0, Sched.getrandom());
        RingValues.putLong(bytes, 8, Sched.getrandom());
        for (SecureRandom shared : SECURE_SHARED) {
            shared.setSeed(bytes);
        }
    }

    /** A number whose bits all depend on all bits of the seed. */
    private static long mixed(long seed) {
        long z = (seed ^ (seed >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
