/** Tests of the shared heap. */
package io.cleave.objects;
