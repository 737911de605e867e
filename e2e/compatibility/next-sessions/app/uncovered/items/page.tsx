/** The same page without proxy. */
export { default } from '../../items/page';
