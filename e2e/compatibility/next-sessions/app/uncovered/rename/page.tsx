// The same actions outside the matcher of the proxy.
export { default } from '../../rename/page';
